import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.apache.kafka.common.utils.Exit;

/**
 * Runs Kafka's command line tools one after the other in one JVM: starting one costs more than most of them do. A
 * line of stdin is a class, the text for its stdin, and its arguments, each in Base64; a line of stdout is the
 * exit code, and what the tool wrote to stdout and stderr.
 */
public class ToolBox {
    /** The tool wanted to end the process. */
    static class Exited extends RuntimeException {
        final int status;

        Exited(int status) {
            this.status = status;
        }
    }

    public static void main(String[] given) throws Exception {
        PrintStream answers = System.out;
        PrintStream errors = System.err;
        int[] firstStatus = new int[1];
        Exit.Procedure exit = (status, message) -> {
            if (firstStatus[0] < 0) firstStatus[0] = status;
            throw new Exited(status);
        };
        Exit.setExitProcedure(exit);
        Exit.setHaltProcedure(exit);
        // A producer sends what it holds when the process ends.
        List<Runnable> atEnd = new ArrayList<>();
        Exit.setShutdownHookAdder((name, hook) -> atEnd.add(hook));
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] parts = line.split(" ");
            String[] args = new String[parts.length - 2];
            for (int i = 0; i < args.length; i++) args[i] = decoded(parts[i + 2]);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            ByteArrayOutputStream err = new ByteArrayOutputStream();
            System.setIn(new ByteArrayInputStream(Base64.getDecoder().decode(parts[1].substring(1))));
            System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
            System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
            firstStatus[0] = -1;
            int status = 0;
            try {
                Class.forName(decoded(parts[0])).getMethod("main", String[].class).invoke(null, (Object) args);
            } catch (InvocationTargetException e) {
                if (!(e.getCause() instanceof Exited)) {
                    e.getCause().printStackTrace(System.err);
                    status = 1;
                }
            } finally {
                for (Runnable hook : atEnd) hook.run();
                atEnd.clear();
                System.out.flush();
                System.err.flush();
                System.setOut(answers);
                System.setErr(errors);
            }
            if (firstStatus[0] >= 0) status = firstStatus[0];
            answers.println(status + " " + encoded(out) + " " + encoded(err));
            answers.flush();
        }
        Runtime.getRuntime().halt(0);
    }

    /** Behind a letter, so that nothing is empty. */
    static String decoded(String part) {
        return new String(Base64.getDecoder().decode(part.substring(1)), StandardCharsets.UTF_8);
    }

    static String encoded(ByteArrayOutputStream bytes) {
        return "=" + Base64.getEncoder().encodeToString(bytes.toByteArray());
    }
}
