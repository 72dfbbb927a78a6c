package io.serai.hub.soap;

import java.util.List;
import java.util.Set;

import javax.xml.namespace.QName;

import org.apache.cxf.binding.soap.SoapMessage;
import org.apache.cxf.binding.soap.interceptor.AbstractSoapInterceptor;
import org.apache.cxf.headers.Header;
import org.apache.cxf.phase.Phase;
import org.w3c.dom.Element;

/** The little of WS-Addressing that the hub needs: a message's id. It answers on the same connection and nowhere else. */
final class Addressing extends AbstractSoapInterceptor {
    private static final String NAMESPACE = "http://www.w3.org/2005/08/addressing";
    private static final String ANONYMOUS = NAMESPACE + "/anonymous";
    private static final int LONGEST_ID = 200;
    private static final Set<QName> UNDERSTOOD = Set.of(name("MessageID"), name("To"), name("Action"), name("ReplyTo"),
            name("FaultTo"), name("From"));

    Addressing() {
        super(Phase.PRE_LOGICAL);
    }

    @Override
    public Set<QName> getUnderstoodHeaders() {
        return UNDERSTOOD;
    }

    @Override
    public void handleMessage(SoapMessage message) {
        for (String name : List.of("ReplyTo", "FaultTo")) {
            String address = address(message.getHeader(name(name)));
            if (address != null && !address.equals(ANONYMOUS)) {
                throw SoapFaults.sender("reply-to", "/Envelope/Header/" + name,
                        "The hub answers on the same connection only; leave wsa:" + name + " out or make it anonymous.",
                        null);
            }
        }
    }

    /** The sender's own id of the message; null when it gave none. */
    static String messageId(SoapMessage message) {
        Header header = message.hasHeaders() ? message.getHeader(name("MessageID")) : null;
        if (header == null || !(header.getObject() instanceof Element element)) {
            return null;
        }
        String id = element.getTextContent().strip();
        if (id.length() > LONGEST_ID) {
            throw SoapFaults.sender("invalid", "/Envelope/Header/MessageID",
                    "wsa:MessageID is longer than " + LONGEST_ID + " characters.", null);
        }
        return id.isEmpty() ? null : id;
    }

    private static String address(Header header) {
        if (header == null || !(header.getObject() instanceof Element element)) {
            return null;
        }
        var addresses = element.getElementsByTagNameNS(NAMESPACE, "Address");
        return addresses.getLength() == 0 ? null : addresses.item(0).getTextContent().strip();
    }

    private static QName name(String name) {
        return new QName(NAMESPACE, name);
    }
}
