package io.serai.hub.web;

import java.time.InstantSource;

import io.micrometer.core.instrument.MeterRegistry;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.core.StandardHost;
import org.apache.catalina.valves.ErrorReportValve;
import org.apache.coyote.AbstractProtocol;
import org.apache.coyote.http11.AbstractHttp11Protocol;
import org.apache.coyote.http11.Http11NioProtocol;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;

import io.serai.connector.Connectors;
import io.serai.crm.CrmStore;
import io.serai.hub.HubSettings;
import io.serai.hub.soap.SoapServlet;

/** Tomcat, with the door in front of everything. */
@Configuration(proxyBeanMethods = false)
class WebConfiguration {
    private static final int HEADERS = 16 << 10;
    private static final int MOST_HEADERS = 60;
    private static final int MOST_PARAMETERS = 50;
    private static final int CONNECTIONS = 512;
    private static final int TIMEOUT_MILLIS = 10_000;
    /** Bytes, a seventh of the heap; beside the first {@value Body#FIRST} of each. */
    private static final int FOR_STRANGERS = 32 << 20;

    @Bean
    ManagementPort managementPort(HubSettings settings) {
        return new ManagementPort(settings.managementPort());
    }

    @Bean
    Strangers strangers() {
        return new Strangers(FOR_STRANGERS);
    }

    @Bean
    FilterRegistrationBean<Door> door(Callers callers, MeterRegistry meters, ManagementPort management) {
        FilterRegistrationBean<Door> registration = new FilterRegistrationBean<>(
                new Door(callers, meters, management));
        registration.setOrder(Ordered.HIGHEST_PRECEDENCE);
        registration.addUrlPatterns("/*");
        return registration;
    }

    @Bean
    ServletRegistrationBean<SoapServlet> soap(Connectors connectors, CrmStore store, InstantSource clock) {
        ServletRegistrationBean<SoapServlet> registration = new ServletRegistrationBean<>(
                new SoapServlet(connectors, store, clock), "/soap/*");
        registration.setLoadOnStartup(1);
        return registration;
    }

    @Bean
    WebServerFactoryCustomizer<TomcatServletWebServerFactory> tomcat(ManagementPort management) {
        return factory -> {
            factory.addConnectorCustomizers(WebConfiguration::limit);
            Connector connector = management.connector();
            limit(connector);
            factory.addAdditionalConnectors(connector);
            factory.addContextCustomizers(context -> {
                if (context.getParent() instanceof StandardHost host) {
                    ErrorReportValve silent = new ErrorReportValve();
                    silent.setShowReport(false);
                    silent.setShowServerInfo(false);
                    host.getPipeline().addValve(silent);
                }
            });
        };
    }

    private static void limit(Connector connector) {
        connector.setXpoweredBy(false);
        connector.setAllowTrace(false);
        connector.setMaxParameterCount(MOST_PARAMETERS);
        connector.setMaxPostSize(0);
        if (connector.getProtocolHandler() instanceof AbstractProtocol<?> protocol) {
            protocol.setConnectionTimeout(TIMEOUT_MILLIS);
            protocol.setKeepAliveTimeout(2 * TIMEOUT_MILLIS);
            protocol.setMaxConnections(CONNECTIONS);
            protocol.setMaxHeaderCount(MOST_HEADERS);
        }
        if (connector.getProtocolHandler() instanceof AbstractHttp11Protocol<?> http) {
            http.setMaxHttpRequestHeaderSize(HEADERS);
            http.setMaxKeepAliveRequests(-1);
            http.setMaxSwallowSize(Body.LIMIT);
            http.setMaxTrailerSize(0);
        }
    }

    /** A connector as Tomcat makes it, with none of its protocols but HTTP/1.1. */
    static Connector http() {
        return new Connector(Http11NioProtocol.class.getName());
    }
}
