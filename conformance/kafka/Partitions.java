import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.HexFormat;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;

/** Reads a line for each key, `partitions hex`; prints the partition that Kafka's own producer gives it. */
public class Partitions {
  public static void main(String[] args) throws Exception {
    var in = new BufferedReader(new InputStreamReader(System.in));
    var out = new StringBuilder();
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      var parts = line.split(" ", -1);
      out.append(BuiltInPartitioner.partitionForKey(HexFormat.of().parseHex(parts[1]), Integer.parseInt(parts[0]))).append('\n');
    }
    System.out.print(out);
  }
}
