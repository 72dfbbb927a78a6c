package io.serai.hub.soap;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

import jakarta.servlet.ServletConfig;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.apache.cxf.jaxws.EndpointImpl;
import org.apache.cxf.transport.servlet.CXFNonSpringServlet;

import io.serai.connector.Connectors;
import io.serai.crm.CrmStore;
import io.serai.hub.web.Problem;

/** {@code /soap/customers}: the contract for those who ask for it, and CXF for those who post. */
public final class SoapServlet extends CXFNonSpringServlet {
    private static final long serialVersionUID = 1L;
    private static final Set<String> CHARSETS = Set.of("utf-8", "us-ascii", "iso-8859-1", "windows-1252");
    private static final String ADDRESS = "http://127.0.0.1:8080/soap/customers";

    private final transient CustomersService service;
    private final transient Reception reception;
    private final String wsdl = resource("/wsdl/customers.wsdl");
    private final String schema = resource("/wsdl/customers.xsd");

    public SoapServlet(Connectors connectors, CrmStore store, InstantSource clock) {
        this.reception = new Reception(connectors, clock);
        this.service = new CustomersService(reception, store);
    }

    @Override
    protected void loadBus(ServletConfig config) {
        super.loadBus(config);
        EndpointImpl endpoint = new EndpointImpl(getBus(), service);
        endpoint.setProperties(properties());
        endpoint.getInInterceptors().add(new Addressing());
        endpoint.getOutFaultInterceptors().add(new Malformed(reception));
        endpoint.publish("/customers");
    }

    /** What one message may cost at most; CXF's own limits are far wider, and some are missing. */
    private static Map<String, Object> properties() {
        Map<String, Object> properties = new HashMap<>();
        properties.put("org.apache.cxf.stax.maxElementDepth", "20");
        properties.put("org.apache.cxf.stax.maxElementCount", "20000");
        properties.put("org.apache.cxf.stax.maxChildElements", "2000");
        properties.put("org.apache.cxf.stax.maxAttributeCount", "20");
        properties.put("org.apache.cxf.stax.maxAttributeSize", "2000");
        properties.put("org.apache.cxf.stax.maxTextLength", "100000");
        properties.put("org.apache.cxf.stax.maxXMLCharacters", "2200000");
        properties.put("source-preferred-format", "cxf.stax");
        properties.put("mtom-enabled", "false");
        properties.put("schema-validation-enabled", "false");
        properties.put("faultStackTraceEnabled", "false");
        properties.put("exceptionMessageCauseEnabled", "false");
        return properties;
    }

    @Override
    protected void invoke(HttpServletRequest request, HttpServletResponse response)
            throws jakarta.servlet.ServletException {
        try {
            if (!"/customers".equals(request.getPathInfo())) {
                throw new Problem(404, "not-found", "There is no service here; post to /soap/customers.");
            }
            switch (request.getMethod()) {
                case "GET", "HEAD" -> contract(request, response);
                case "POST" -> {
                    requireXml(request);
                    super.invoke(request, response);
                }
                default -> throw new Problem(405, "method-not-allowed", "Post a SOAP message here.");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void requireXml(HttpServletRequest request) {
        String type = request.getContentType() == null ? "" : request.getContentType().toLowerCase(Locale.ROOT);
        String mediaType = type.split(";", 2)[0].strip();
        if (!mediaType.equals("text/xml") && !mediaType.equals("application/soap+xml")) {
            throw new Problem(415, "unsupported-media-type",
                    "Send Content-Type: text/xml (SOAP 1.1) or application/soap+xml (SOAP 1.2), without attachments.");
        }
        String charset = request.getCharacterEncoding();
        if (charset != null && !CHARSETS.contains(charset.toLowerCase(Locale.ROOT))) {
            throw new Problem(415, "unsupported-charset", "Send the message in UTF-8.");
        }
    }

    private void contract(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String query = request.getQueryString() == null ? "" : request.getQueryString().toLowerCase(Locale.ROOT);
        String address = request.getRequestURL().toString();
        String text = switch (query) {
            case "wsdl" -> wsdl.replace(ADDRESS, address).replace("schemaLocation=\"customers.xsd\"",
                    "schemaLocation=\"" + address + "?xsd=customers.xsd\"");
            case "xsd=customers.xsd" -> schema;
            default -> throw new Problem(404, "not-found", "Ask for ?wsdl, or post a SOAP message.");
        };
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        response.setContentType("text/xml;charset=UTF-8");
        response.setContentLength(bytes.length);
        response.getOutputStream().write(bytes);
    }

    private static String resource(String name) {
        try (InputStream stream = SoapServlet.class.getResourceAsStream(name)) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
