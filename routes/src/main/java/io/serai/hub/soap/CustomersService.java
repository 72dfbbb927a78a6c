package io.serai.hub.soap;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import javax.xml.transform.Source;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.xml.ws.BindingType;
import jakarta.xml.ws.Provider;
import jakarta.xml.ws.Service;
import jakarta.xml.ws.ServiceMode;
import jakarta.xml.ws.WebServiceProvider;
import jakarta.xml.ws.soap.SOAPBinding;
import org.apache.cxf.binding.soap.SoapMessage;
import org.apache.cxf.phase.PhaseInterceptorChain;
import org.apache.cxf.staxutils.DepthXMLStreamReader;
import org.apache.cxf.staxutils.StaxSource;
import org.apache.cxf.transport.http.AbstractHTTPDestination;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.serai.connector.Outcome;
import io.serai.crm.CrmStore;
import io.serai.crm.Filter;
import io.serai.crm.Golden;
import io.serai.crm.StoreUnavailable;
import io.serai.hub.web.Caller;

/**
 * The three operations of the contract. Which one is meant says the element in the body; SOAPAction says nothing, because
 * anybody can write anything there.
 */
@WebServiceProvider(targetNamespace = Contract.NAMESPACE, serviceName = "CustomersService", portName = "CustomersSoap12", wsdlLocation = "classpath:wsdl/customers.wsdl")
@ServiceMode(Service.Mode.PAYLOAD)
@BindingType(SOAPBinding.SOAP12HTTP_BINDING)
final class CustomersService implements Provider<Source> {
    private static final Logger LOG = LoggerFactory.getLogger(CustomersService.class);

    private final Contract contract = Contract.read("/wsdl/customers.xsd");
    private final Reception reception;
    private final CrmStore store;

    CustomersService(Reception reception, CrmStore store) {
        this.reception = reception;
        this.store = store;
    }

    @Override
    public Source invoke(Source payload) {
        SoapMessage message = (SoapMessage) PhaseInterceptorChain.getCurrentMessage();
        HttpServletRequest request = (HttpServletRequest) message.get(AbstractHTTPDestination.HTTP_REQUEST);
        if (!(payload instanceof StaxSource stax)) {
            throw reception.refuse(request, null, "/Envelope/Body", "invalid",
                    "The body is empty; it must hold upsertCustomer, getCustomer or submitOrder.");
        }
        XMLStreamReader reader = stax.getXMLStreamReader();
        while (reader instanceof DepthXMLStreamReader wrapped) {
            // CXF's wrapper begins the element a second time; the parser below it stands at its beginning.
            reader = wrapped.getReader();
        }
        String operation = reader.getLocalName();
        Shape shape = Contract.NAMESPACE.equals(reader.getNamespaceURI()) ? contract.shape(operation) : null;
        return switch (shape == null ? "" : operation) {
            case "upsertCustomer" -> upsertCustomer(message, request, read(request, reader, shape, "customer"));
            case "submitOrder" -> submitOrder(message, request, read(request, reader, shape, "order"));
            case "getCustomer" -> getCustomer(request, read(request, reader, shape, "customer"));
            default -> throw reception.refuse(request, null, "/" + operation, "unknown-operation",
                    "The body must hold upsertCustomer, getCustomer or submitOrder in the namespace "
                            + Contract.NAMESPACE + ".");
        };
    }

    private Source upsertCustomer(SoapMessage message, HttpServletRequest request, Map<String, Object> body) {
        Outcome outcome = reception.accept(request, "customer", Addressing.messageId(message), map(body, "customer"),
                "/upsertCustomer/customer");
        return receipt(new Writing().open("upsertCustomerResponse"), outcome).close("upsertCustomerResponse").source();
    }

    private Source submitOrder(SoapMessage message, HttpServletRequest request, Map<String, Object> body) {
        Outcome outcome = reception.accept(request, "order", Addressing.messageId(message), map(body, "order"),
                "/submitOrder/order");
        Writing writing = receipt(new Writing().open("submitOrderResponse"), outcome);
        if (outcome.id() != null && outcome.state() != Outcome.State.APPLIED) {
            store.goldens().find("order", UUID.fromString(outcome.id()))
                    .ifPresent(order -> writing.value("invoiceNumber", order.document().get("invoiceNumber")));
        }
        return writing.close("submitOrderResponse").source();
    }

    private static Writing receipt(Writing writing, Outcome outcome) {
        return writing.value("id", outcome.id()).value("version", outcome.version())
                .value("state", outcome.state().name().toLowerCase(Locale.ROOT))
                .value("messageId", outcome.messageId());
    }

    private Source getCustomer(HttpServletRequest request, Map<String, Object> body) {
        String spoke = Caller.of(request).spoke();
        try {
            boolean byOwnId = body.containsKey("ownId");
            Golden golden = (byOwnId
                    ? store.goldens().list("customer",
                            new Filter(Map.of("externalId", body.get("ownId").toString(), "spoke", spoke)), null, 1)
                            .items().stream().findFirst()
                    : find(body.get("id").toString()))
                    .orElseThrow(() -> SoapFaults.sender("not-found",
                            byOwnId ? "/getCustomer/ownId" : "/getCustomer/id", "The hub knows no such customer.",
                            null));
            return customer(golden, spoke);
        } catch (StoreUnavailable e) {
            LOG.error("A customer could not be read", e);
            throw SoapFaults.receiver("not-available");
        }
    }

    /** A customer that was merged into another one is that one: callers of old have no way to be sent there. */
    private Optional<Golden> find(String id) {
        UUID asked = UUID.fromString(id);
        return store.goldens().find("customer", asked).or(() -> store.corrections().mergedInto(asked)
                .flatMap(there -> store.goldens().find("customer", there)));
    }

    private Source customer(Golden golden, String spoke) {
        Map<String, Object> document = golden.document();
        Map<String, Object> name = map(document, "name");
        String ownId = store.goldens().links("customer", golden.id()).stream()
                .filter(link -> link.spoke().equals(spoke)).map(link -> link.externalId()).findFirst().orElse(null);
        Writing writing = new Writing().open("getCustomerResponse").value("id", golden.id())
                .value("version", golden.version()).open("customer").value("id", ownId)
                .value("kind", document.get("kind")).value("prefix", name.get("prefix"))
                .value("givenName", name.get("given")).value("familyName", name.get("family"))
                .value("organizationName", document.get("organizationName"))
                .values("email", document.get("emails"), "address").values("phone", document.get("phones"), "number");
        if (document.get("addresses") instanceof List<?> addresses) {
            addresses.forEach(address -> address(writing, (Map<?, ?>) address));
        }
        return writing.value("vatId", vat(document.get("identifiers"))).value("language", document.get("language"))
                .value("currency", document.get("currency")).value("status", document.get("status"))
                .values("tag", document.get("tags"), null).close("customer").close("getCustomerResponse").source();
    }

    private static void address(Writing writing, Map<?, ?> address) {
        writing.open("address").value("use", address.get("use")).values("line", address.get("lines"), null)
                .value("city", address.get("city")).value("region", address.get("region"))
                .value("postalCode", address.get("postalCode")).value("country", address.get("country"))
                .close("address");
    }

    private static Object vat(Object identifiers) {
        if (identifiers instanceof List<?> list) {
            for (Object identifier : list) {
                if (identifier instanceof Map<?, ?> map && "vat".equals(map.get("scheme"))) {
                    return map.get("value");
                }
            }
        }
        return null;
    }

    @SuppressWarnings("unchecked")
    private Map<String, Object> read(HttpServletRequest request, XMLStreamReader reader, Shape shape, String about) {
        try {
            return (Map<String, Object>) Reading.read(reader, shape);
        } catch (Refused refused) {
            throw reception.refuse(request, about, refused.field(), "invalid", refused.getMessage());
        } catch (XMLStreamException broken) {
            throw reception.refuse(request, about, null, "malformed",
                    "The XML is broken, unfinished or beyond the limits at line "
                            + broken.getLocation().getLineNumber() + "; mend it and send it again.");
        }
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> map(Map<String, Object> parent, String key) {
        return parent.get(key) instanceof Map<?, ?> map ? (Map<String, Object>) map : Map.of();
    }
}
