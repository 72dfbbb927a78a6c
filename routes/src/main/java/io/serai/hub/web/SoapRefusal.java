package io.serai.hub.web;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.slf4j.MDC;

/** What the door says to a SOAP caller it does not let in: a fault, because its program looks for one. */
final class SoapRefusal {
    private static final String SOAP_12 = "application/soap+xml";

    private SoapRefusal() {}

    static void write(Problem problem, HttpServletRequest request, HttpServletResponse response) throws IOException {
        if (response.isCommitted()) {
            return;
        }
        String type = request.getContentType();
        boolean modern = type != null && type.startsWith(SOAP_12);
        boolean sendersFault = problem.status() < 500;
        String detail = "<s:problem xmlns:s=\"urn:serai:customers:v1\"><s:code>" + escape(problem.code())
                + "</s:code><s:problem>" + escape(problem.getMessage()) + "</s:problem><s:correlationId>"
                + escape(String.valueOf(MDC.get(Trace.KEY))) + "</s:correlationId></s:problem>";
        String fault = modern
                ? "<e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\"><e:Body><e:Fault><e:Code><e:Value>e:"
                        + (sendersFault ? "Sender" : "Receiver")
                        + "</e:Value></e:Code><e:Reason><e:Text xml:lang=\"en\">" + escape(problem.getMessage())
                        + "</e:Text></e:Reason><e:Detail>" + detail + "</e:Detail></e:Fault></e:Body></e:Envelope>"
                : "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body><e:Fault><faultcode>e:"
                        + (sendersFault ? "Client" : "Server") + "</faultcode><faultstring>"
                        + escape(problem.getMessage()) + "</faultstring><detail>" + detail
                        + "</detail></e:Fault></e:Body></e:Envelope>";
        byte[] bytes = fault.getBytes(StandardCharsets.UTF_8);
        response.resetBuffer();
        response.setStatus(problem.status());
        response.setContentType((modern ? SOAP_12 : "text/xml") + ";charset=UTF-8");
        response.setContentLength(bytes.length);
        response.getOutputStream().write(bytes);
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
