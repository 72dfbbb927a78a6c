package io.serai.connector.soap;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.equalTo;
import static com.github.tomakehurst.wiremock.client.WireMock.equalToXml;
import static com.github.tomakehurst.wiremock.client.WireMock.ok;
import static com.github.tomakehurst.wiremock.client.WireMock.post;
import static com.github.tomakehurst.wiremock.client.WireMock.postRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.urlEqualTo;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

import com.github.tomakehurst.wiremock.client.BasicCredentials;
import com.github.tomakehurst.wiremock.client.ResponseDefinitionBuilder;
import com.github.tomakehurst.wiremock.http.Fault;
import com.github.tomakehurst.wiremock.junit5.WireMockExtension;

import io.serai.connector.ConnectorException;
import io.serai.connector.Connectors;
import io.serai.connector.Delivery;
import io.serai.connector.ErrorClass;
import io.serai.connector.Operation;
import io.serai.connector.Outlet;
import io.serai.connector.Reply;
import io.serai.connector.Workshop;

/** The legacy ERP's customer service, as its contract says it answers. */
class SoapOutletTest {
    @RegisterExtension
    static final WireMockExtension ERP = WireMockExtension.newInstance().build();
    @TempDir
    Path folder;
    private Connectors connectors;

    @BeforeEach
    void spoke() {
        connectors = new Workshop(folder).spoke("erp", """
                spoke: erp
                connector: erp
                settings: {url: "${URL}/erp", user: hub, password: s3cret}
                flows: {customer: [in, out], order: [update]}
                """).real(Map.of("URL", ERP.baseUrl()));
    }

    @AfterEach
    void close() {
        connectors.close();
    }

    @Test
    void writesWhatIsSaidClearedAndNothingElseInTheOrderOfTheContract() throws ConnectorException {
        answer(ok(envelope("""
                <UpsertCustomerResponse xmlns="urn:sandbox:erp:customers:v1"><customerNumber>0000000042</customerNumber>
                <changeNumber>7</changeNumber></UpsertCustomerResponse>""")));
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("phone", null);
        body.put("name1", "Müller & Söhne");

        Reply reply = outlet("customer").send(delivery(Operation.UPDATE, "0000000042", body));

        assertThat(reply).isEqualTo(new Reply(null, "0000000042", "7"));
        ERP.verify(postRequestedFor(urlEqualTo("/erp")).withBasicAuth(
                new BasicCredentials("hub", "s3cret"))
                .withHeader("SOAPAction", equalTo(
                        "\"urn:sandbox:erp:customers:v1/UpsertCustomer\""))
                .withHeader("Idempotency-Key", equalTo("key-1"))
                .withRequestBody(equalToXml("""
                        <s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>
                        <UpsertCustomer xmlns="urn:sandbox:erp:customers:v1"><customerNumber>0000000042</customerNumber>
                        <name1>Müller &amp; Söhne</name1>
                        <phone xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/></UpsertCustomer>
                        </s:Body></s:Envelope>""")));
    }

    @Test
    void turnsAFaultIntoTheFieldItIsAbout() {
        answer(aResponse().withStatus(500).withBody(fault("Client", "INVALID", "country", "The country is unknown.")));

        ConnectorException failure = failure(delivery(Operation.CREATE, null, Map.of("name1", "A")));

        assertThat(failure.errorClass()).isEqualTo(ErrorClass.INVALID);
        assertThat(failure.field()).contains("country");
        assertThat(failure).hasMessage("erp answered UpsertCustomer with 500: The country is unknown.");
    }

    @Test
    void knowsAFaultOfTheCallerByItsGeneralPart() {
        Map<String, ErrorClass> meanings = Map.of("Client.Validation", ErrorClass.INVALID, "Client.Validation.Country",
                ErrorClass.INVALID, "Sender", ErrorClass.INVALID, "Server.Client", ErrorClass.UNKNOWN, "NoClient",
                ErrorClass.UNKNOWN);
        meanings.forEach((code, meaning) -> {
            answer(aResponse().withStatus(500).withBody(fault(code, "OTHER", "country", "No.")));
            assertThat(failure(delivery(Operation.CREATE, null, Map.of("name1", "A"))).errorClass()).as(code)
                    .isEqualTo(meaning);
        });
    }

    @Test
    void knowsACustomerThatIsGone() throws ConnectorException {
        answer(aResponse().withStatus(500).withBody(fault("Client", "UNKNOWN_CUSTOMER", "customerNumber", "No.")));

        assertThat(failure(update()).errorClass()).isEqualTo(ErrorClass.GONE);
        assertThat(outlet("customer").send(delivery(Operation.LOOKUP, "0000000042", null)).externalId()).isNull();
    }

    @Test
    void findsACustomerByItsNumber() throws ConnectorException {
        answer(ok(envelope(
                """
                        <e:ReadCustomerResponse xmlns:e="urn:sandbox:erp:customers:v1"><e:customer><e:customerNumber>0000000042</e:customerNumber>
                        <e:changeNumber>9</e:changeNumber></e:customer></e:ReadCustomerResponse>""")));

        assertThat(outlet("customer").send(delivery(Operation.LOOKUP, "0000000042", null))).isEqualTo(new Reply(null,
                "0000000042", "9"));
    }

    @Test
    void doesNotKnowWhetherACreateWasCarriedOut() {
        unknownForACreate(aResponse().withStatus(500).withBody(fault("Server", "DATABASE", "", "Deadlock.")));
        unknownForACreate(aResponse().withFault(Fault.EMPTY_RESPONSE));
        unknownForACreate(ok("<html><body>Please sign on</body></html>"));
        unknownForACreate(ok("<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>"));
        unknownForACreate(ok(envelope("<Other/>")));
        unknownForACreate(ok(envelope("<UpsertCustomerResponse/>")));
        unknownForACreate(aResponse().withStatus(502).withBody("Bad gateway"));
    }

    @Test
    void saysThatTheCredentialsAreRefused() {
        answer(aResponse().withStatus(401).withBody(fault("Client", "UNAUTHORIZED", "", "No.")));

        assertThat(failure(update()).errorClass()).isEqualTo(ErrorClass.AUTH);
    }

    @Test
    void triesAgainWhatIsUnavailable() {
        answer(aResponse().withStatus(503));

        assertThat(failure(delivery(Operation.CREATE, null, Map.of("name1", "A"))).errorClass()).isEqualTo(
                ErrorClass.TRANSIENT);
    }

    @Test
    void refusesBeforeSendingWhatTheContractDoesNotKnow() {
        ConnectorException failure = failure(delivery(Operation.CREATE, null, Map.of("nickname", "A")));

        assertThat(failure.errorClass()).isEqualTo(ErrorClass.INVALID);
        assertThat(failure.field()).contains("/nickname");
        ERP.verify(0, postRequestedFor(urlEqualTo("/erp")));
    }

    private void unknownForACreate(ResponseDefinitionBuilder answer) {
        answer(answer);
        ConnectorException failure = failure(delivery(Operation.CREATE, null, Map.of("name1", "A")));
        assertThat(failure).as(answer.build().toString()).isNotNull();
        assertThat(failure.errorClass()).as(answer.build().toString()).isEqualTo(ErrorClass.UNKNOWN);
    }

    private void answer(ResponseDefinitionBuilder answer) {
        ERP.stubFor(post("/erp").willReturn(answer));
    }

    private static String envelope(String body) {
        return "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>" + body
                + "</s:Body></s:Envelope>";
    }

    private static String fault(String who, String code, String field, String message) {
        return envelope("<s:Fault><faultcode>s:" + who + "</faultcode><faultstring>" + message
                + "</faultstring><detail><fault xmlns=\"urn:sandbox:erp:customers:v1\"><code>" + code + "</code><field>"
                + field
                + "</field><message>" + message + "</message></fault></detail></s:Fault>");
    }

    private Outlet outlet(String entity) {
        return connectors.outlet(connectors.spokes().find("erp").orElseThrow(), entity).orElseThrow();
    }

    private ConnectorException failure(Delivery delivery) {
        return catchThrowableOfType(ConnectorException.class, () -> outlet("customer").send(delivery));
    }

    private static Delivery update() {
        return delivery(Operation.UPDATE, "0000000042", Map.of("name1", "A"));
    }

    private static Delivery delivery(Operation operation, String id, Object body) {
        return new Delivery(operation, id, null, body, "key-1", "ref-1", null);
    }
}
