package io.serai.hub.soap;

import jakarta.servlet.http.HttpServletRequest;
import org.apache.cxf.binding.soap.SoapFault;
import org.apache.cxf.binding.soap.SoapMessage;
import org.apache.cxf.binding.soap.interceptor.AbstractSoapInterceptor;
import org.apache.cxf.interceptor.Fault;
import org.apache.cxf.phase.Phase;
import org.apache.cxf.transport.http.AbstractHTTPDestination;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns what CXF itself complains about into a fault of ours: it names no class and no library, and what came is in the
 * journal.
 */
final class Malformed extends AbstractSoapInterceptor {
    private static final Logger LOG = LoggerFactory.getLogger(Malformed.class);

    private final Reception reception;

    Malformed(Reception reception) {
        super(Phase.PREPARE_SEND);
        this.reception = reception;
    }

    @Override
    public void handleMessage(SoapMessage message) {
        if (!(message.getContent(Exception.class) instanceof Fault fault) || fault.getDetail() != null) {
            return;
        }
        SoapFault ours;
        try {
            HttpServletRequest request = (HttpServletRequest) message.getExchange().getInMessage()
                    .get(AbstractHTTPDestination.HTTP_REQUEST);
            LOG.info("A SOAP message could not be read: {}", fault.getMessage());
            ours = reception.refuse(request, null, null, "malformed",
                    "The message is not a SOAP envelope that the hub can read: " + reason(fault)
                            + " Mend it and send it again.");
        } catch (SoapFault notStored) {
            ours = notStored;
        }
        fault.setFaultCode(ours.getFaultCode());
        fault.setDetail(ours.getDetail());
        fault.setMessage(ours.getMessage());
    }

    /** Only what the XML parser says about the sender's own text is of use to it; it holds nothing of ours. */
    private static String reason(Throwable fault) {
        for (Throwable cause = fault; cause != null; cause = cause.getCause()) {
            if (cause instanceof javax.xml.stream.XMLStreamException parser && parser.getLocation() != null) {
                return "the XML is broken, unfinished or beyond the limits at line "
                        + parser.getLocation().getLineNumber() + ", column " + parser.getLocation().getColumnNumber()
                        + ".";
            }
        }
        return "it is empty, its envelope is of another SOAP version, or it asks for something the hub does not do.";
    }
}
