import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Groups of every kind, by Kafka's own clients, on the brokers that are given: prints "ready" when each has read or committed what the
 * judge expects, keeps their members alive, and ends when stdin does.
 */
public class Groups {
  static String brokers;

  static Map<String, Object> settings(String... more) {
    var all = new HashMap<String, Object>(Map.of("bootstrap.servers", brokers));
    for (int i = 0; i < more.length; i += 2) all.put(more[i], more[i + 1]);
    return all;
  }

  static KafkaConsumer<String, String> member(String group, String protocol) {
    var consumer = new KafkaConsumer<String, String>(
      settings("group.id", group, "client.id", group + "-client", "group.protocol", protocol, "auto.offset.reset", "earliest", "enable.auto.commit", "false"),
      new StringDeserializer(), new StringDeserializer());
    consumer.subscribe(List.of("seen"));
    int read = 0;
    while (read < 20) read += consumer.poll(Duration.ofMillis(200)).count();
    consumer.commitSync(Map.of(new TopicPartition("seen", 0), new OffsetAndMetadata(4, "by " + protocol), new TopicPartition("seen", 1), new OffsetAndMetadata(10)));
    return consumer;
  }

  public static void main(String[] args) throws Exception {
    brokers = args[0];
    var end = new Thread(() -> {
      try {
        while (System.in.read() >= 0) {}
      } catch (IOException gone) {
        // as an end
      }
      Runtime.getRuntime().halt(0);
    });
    end.setDaemon(true);
    end.start();
    try (var producer = new KafkaProducer<>(settings("transactional.id", "judge", "client.id", "judge"), new StringSerializer(), new StringSerializer())) {
      producer.initTransactions();
      producer.beginTransaction();
      for (int i = 0; i < 20; i++) producer.send(new ProducerRecord<>("seen", i % 2, "k" + i, "v" + i));
      producer.sendOffsetsToTransaction(Map.of(new TopicPartition("seen", 0), new OffsetAndMetadata(10)), new ConsumerGroupMetadata("transactional"));
      producer.commitTransaction();
      producer.beginTransaction();
      producer.sendOffsetsToTransaction(Map.of(new TopicPartition("seen", 0), new OffsetAndMetadata(3)), new ConsumerGroupMetadata("transactional"));
      producer.abortTransaction();
    }
    var consumers = new ArrayList<KafkaConsumer<String, String>>();
    consumers.add(member("classic", "classic"));
    consumers.add(member("modern", "consumer"));
    try (var share = new KafkaShareConsumer<>(settings("group.id", "share", "client.id", "share-client"), new StringDeserializer(), new StringDeserializer())) {
      share.subscribe(List.of("seen"));
      int read = 0;
      while (read < 20) read += share.poll(Duration.ofMillis(200)).count();
      share.commitSync();
      System.out.println("ready");
      var alive = new Thread(() -> {
        while (true) for (var consumer : consumers) consumer.poll(Duration.ofMillis(100));
      });
      alive.setDaemon(true);
      alive.start();
      while (true) share.poll(Duration.ofMillis(200));
    }
  }
}
