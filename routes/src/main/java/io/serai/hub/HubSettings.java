package io.serai.hub;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

import org.springframework.boot.context.properties.ConfigurationProperties;

import io.serai.crm.plan.Survivorship;

/**
 * What an operator may set; each stands in {@code application.yaml} beside its environment variable and default.
 *
 * @param home the folder with {@code routes}, {@code connectors} and {@code mappings}
 * @param data where the hub keeps everything
 * @param tenant whose records these are
 * @param reconcile how what spokes hold is checked
 * @param survivorship entity to field to policy: newest, ranking or park
 */
@ConfigurationProperties("serai")
public record HubSettings(Path home, Path data, int tenant, int managementPort, Database database, Broker broker,
        Stream stream, Map<String, Map<String, Survivorship.Policy>> survivorship, Reconcile reconcile) {

    /**
     * How what spokes really hold is compared with what the hub believes.
     *
     * @param every time from one run to the next; zero for none but those that a person begins
     * @param repair whether the runs that begin by themselves repair what differs
     * @param perMinute records that are asked after in a minute, of each spoke
     * @param calls requests that a run may take
     */
    public record Reconcile(Duration every, boolean repair, int perMinute, long calls) {
        public Reconcile {
            if (perMinute < 1) {
                throw new StartRefused("serai.reconcile.per-minute is " + perMinute + "; it must be 1 at least.");
            }
        }
    }

    /**
     * Where the database is.
     *
     * @param url empty for the embedded one
     * @param programs where the embedded one's programs are unpacked; empty for a folder beside its data
     * @param runtimePassword of the role that owns nothing; empty to derive one
     */
    public record Database(String url, String user, String password, String runtimePassword, String programs,
            int connections) {
        /** Says where, never with what. */
        @Override
        public String toString() {
            return "Database[" + (url.isEmpty() ? "embedded" : "external") + "]";
        }
    }

    /**
     * Where the broker is.
     *
     * @param url empty for the embedded one, "none" for no broker at all
     * @param port of the embedded one; 0 for any free one
     */
    public record Broker(String url, String user, String password, int port) {
        boolean none() {
            return "none".equals(url);
        }

        /** Says where, never with what. */
        @Override
        public String toString() {
            return "Broker[" + (url.isEmpty() ? "embedded" : "external") + "]";
        }
    }

    /**
     * Where changes go. Who is told by webhook is not a setting: subscribers come and go over the API.
     *
     * @param topics whether they go to the topics {@code changes.<entity>} of the broker
     * @param kafka servers of Kafka, {@code host:port} with commas between them; empty for none
     * @param kafkaSettings a file with further settings of a Kafka client; empty for none
     * @param loopback whether webhooks may go to {@code http://localhost} and its like
     */
    public record Stream(boolean topics, String kafka, String kafkaSettings, boolean loopback) {}

    public HubSettings {
        survivorship = survivorship == null ? Map.of() : survivorship;
    }

    Path routes() {
        return home.resolve("routes");
    }
}
