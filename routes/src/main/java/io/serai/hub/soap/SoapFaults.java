package io.serai.hub.soap;

import javax.xml.namespace.QName;

import org.apache.cxf.binding.soap.SoapFault;
import org.apache.cxf.helpers.DOMUtils;
import org.apache.cxf.interceptor.Fault;
import org.slf4j.MDC;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

import io.serai.hub.web.Trace;

/** Faults that say who has to do what: the sender mends the element that is named, or sends the same again. */
final class SoapFaults {
    private static final QName SENDER = Fault.FAULT_CODE_CLIENT;
    private static final QName RECEIVER = Fault.FAULT_CODE_SERVER;

    private SoapFaults() {}

    /**
     * The sender has to mend something.
     *
     * @param field path of the element; null when it is not about one
     * @param messageId the journal's id; null when it was not journaled
     */
    static SoapFault sender(String code, String field, String problem, String messageId) {
        return fault(SENDER, code, field, problem, messageId);
    }

    /** Nobody knows that it was stored, and it is not the sender's doing. */
    static SoapFault receiver(String code) {
        return fault(RECEIVER, code, null,
                "The hub cannot say that it stored this. Send it again: what was stored already is recognised by its ids.",
                null);
    }

    private static SoapFault fault(QName who, String code, String field, String problem, String messageId) {
        SoapFault fault = new SoapFault(problem, who);
        Document document = DOMUtils.createDocument();
        Element detail = document.createElement("detail");
        Element element = document.createElementNS(Contract.NAMESPACE, "s:problem");
        detail.appendChild(element);
        append(element, "code", code);
        append(element, "field", field);
        append(element, "problem", problem);
        append(element, "messageId", messageId);
        append(element, "correlationId", String.valueOf(MDC.get(Trace.KEY)));
        fault.setDetail(detail);
        return fault;
    }

    private static void append(Element parent, String name, String text) {
        if (text != null) {
            Element element = parent.getOwnerDocument().createElementNS(Contract.NAMESPACE, "s:" + name);
            element.setTextContent(text);
            parent.appendChild(element);
        }
    }
}
