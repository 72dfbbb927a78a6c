package io.serai.hub;

import java.util.HashMap;
import java.util.Map;

import org.springframework.boot.Banner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.event.ApplicationEnvironmentPreparedEvent;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.MutablePropertySources;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

import io.serai.connector.BadFileException;
import io.serai.mapping.BadMappingException;

/** The hub as a program. */
@SpringBootApplication
@ConfigurationPropertiesScan
public class HubApplication {
    private static final int REFUSED = 2;

    public static void main(String[] arguments) {
        try {
            start(Map.of(), arguments);
        } catch (RuntimeException e) {
            String refusal = refusal(e);
            if (refusal == null) {
                throw e;
            }
            System.err.println("\nThe hub does not start.\n\n  " + refusal + "\n");
            System.exit(REFUSED);
        }
    }

    /**
     * Starts a hub.
     *
     * @param settings stand above files and environment, by the names of {@code application.yaml} or of a variable
     */
    public static ConfigurableApplicationContext start(Map<String, Object> settings, String... arguments) {
        SpringApplication application = new SpringApplication(HubApplication.class);
        application.setBannerMode(Banner.Mode.OFF);
        application.setRegisterShutdownHook(true);
        Start start = new Start(settings);
        application.addListeners(new EmptyVariables(), start);
        application.addInitializers(context -> ((GenericApplicationContext) context).registerBean(Groundwork.class,
                () -> start.groundwork));
        try {
            return application.run(arguments);
        } catch (RuntimeException e) {
            start.abandon();
            throw e;
        }
    }

    /** The readable reason for which the hub refuses to start; null when it failed for another one. */
    static String refusal(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof StartRefused || cause instanceof BadFileException
                    || cause instanceof BadMappingException) {
                return cause.getMessage();
            }
        }
        return null;
    }

    /**
     * A variable that is empty is one that is not set: a compose file or a service manager cannot leave one out on a
     * condition. Comes before everything that reads settings, logging included.
     */
    @Order(Ordered.HIGHEST_PRECEDENCE)
    private static final class EmptyVariables implements ApplicationListener<ApplicationEnvironmentPreparedEvent> {
        @Override
        public void onApplicationEvent(ApplicationEnvironmentPreparedEvent event) {
            leaveOutEmpty(event.getEnvironment().getPropertySources());
        }
    }

    static void leaveOutEmpty(MutablePropertySources sources) {
        String name = StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME;
        Map<String, Object> variables = new HashMap<>(((MapPropertySource) sources.get(name)).getSource());
        variables.values().removeIf(""::equals);
        sources.replace(name, new SystemEnvironmentPropertySource(name, variables));
    }

    /** Begins what takes its time as soon as the settings are known. */
    private static final class Start implements ApplicationListener<ApplicationEnvironmentPreparedEvent> {
        private final Map<String, Object> settings;
        private Groundwork groundwork;

        private Start(Map<String, Object> settings) {
            this.settings = settings;
        }

        @Override
        public void onApplicationEvent(ApplicationEnvironmentPreparedEvent event) {
            event.getEnvironment().getPropertySources()
                    .addFirst(new MapPropertySource("start", settings));
            HubSettings bound = Binder.get(event.getEnvironment()).bind("serai", HubSettings.class).get();
            groundwork = Groundwork.begin(bound, event.getEnvironment());
        }

        private void abandon() {
            try {
                if (groundwork != null) {
                    groundwork.close();
                }
            } catch (Exception alreadyFailing) {
                // The reason for which the hub does not start is what counts.
            }
        }
    }
}
