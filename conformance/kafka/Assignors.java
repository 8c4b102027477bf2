import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.GroupSubscription;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.clients.consumer.RoundRobinAssignor;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;

/**
 * Reads cases, and prints a line for each: what Kafka's own assignor gives to the members, `member=t-0,t-1 ...`, both
 * in order. The lines of a case, of which `-` stands for nothing:
 *
 *   case range
 *   member ID INSTANCE RACK TOPIC,TOPIC
 *   topic NAME RACK+RACK,RACK,-       the racks of the replicas of each partition
 *   end
 */
public class Assignors {
  private static final Map<String, Node> NODES = new HashMap<>();

  public static void main(String[] args) throws Exception {
    var in = new BufferedReader(new InputStreamReader(System.in));
    var out = new StringBuilder();
    ConsumerPartitionAssignor assignor = null;
    var members = new HashMap<String, Subscription>();
    var partitions = new ArrayList<PartitionInfo>();
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      var words = line.split(" ");
      switch (words[0]) {
        case "case" -> {
          assignor = assignorOf(words[1]);
          members.clear();
          partitions.clear();
        }
        case "member" -> {
          var topics = Arrays.asList(words[4].split(","));
          var subscription = new Subscription(topics, null, List.of(), -1, given(words[3]));
          subscription.setGroupInstanceId(given(words[2]));
          members.put(words[1], subscription);
        }
        case "topic" -> {
          var racks = words[2].split(",");
          for (int p = 0; p < racks.length; p++) partitions.add(partition(words[1], p, racks[p]));
        }
        case "end" -> out.append(assigned(assignor, members, partitions)).append('\n');
        default -> throw new IllegalArgumentException(line);
      }
    }
    System.out.print(out);
  }

  private static ConsumerPartitionAssignor assignorOf(String name) {
    return switch (name) {
      case "range" -> new RangeAssignor();
      case "roundrobin" -> new RoundRobinAssignor();
      case "cooperative-sticky" -> new CooperativeStickyAssignor();
      default -> throw new IllegalArgumentException(name);
    };
  }

  private static Optional<String> given(String word) {
    return word.equals("-") ? Optional.empty() : Optional.of(word);
  }

  private static PartitionInfo partition(String topic, int partition, String racks) {
    var replicas = Arrays.stream(racks.split("\\+")).map(Assignors::nodeIn).toArray(Node[]::new);
    return new PartitionInfo(topic, partition, replicas[0], replicas, replicas);
  }

  private static Node nodeIn(String rack) {
    return NODES.computeIfAbsent(rack, r -> new Node(NODES.size(), "localhost", 9092, given(r).orElse(null)));
  }

  private static String assigned(ConsumerPartitionAssignor assignor, Map<String, Subscription> members, List<PartitionInfo> partitions) {
    var cluster = new Cluster("cluster", List.copyOf(NODES.values()), partitions, Set.of(), Set.of());
    var given = assignor.assign(cluster, new GroupSubscription(members)).groupAssignment();
    return new TreeMap<>(given).entrySet().stream()
        .map(e -> e.getKey() + "=" + e.getValue().partitions().stream()
            .sorted((a, b) -> a.topic().equals(b.topic()) ? a.partition() - b.partition() : a.topic().compareTo(b.topic()))
            .map(Object::toString)
            .collect(Collectors.joining(",")))
        .collect(Collectors.joining(" "));
  }
}
