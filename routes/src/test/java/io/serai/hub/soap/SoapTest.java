package io.serai.hub.soap;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.util.Base64;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.junit.jupiter.api.Test;

import io.serai.hub.RunningHub;

class SoapTest {
    private static final String SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/";
    private static final String SOAP_12 = "http://www.w3.org/2003/05/soap-envelope";

    private final RunningHub hub = RunningHub.shared();

    @Test
    void takesACustomerInBothVersionsOfSoap() {
        for (String version : new String[]{SOAP_11, SOAP_12}) {
            String number = number();
            HttpResponse<String> answer = post(version, "", upsert(number, ""));
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
            assertThat(answer.body()).contains(version).contains("upsertCustomerResponse");
            assertThat(value(answer, "state")).isEqualTo("applied");
            assertThat(value(answer, "id")).hasSize(36);
        }
    }

    @Test
    void readsTheCustomerBackByEitherId() {
        String number = number();
        String id = value(post(SOAP_11, "", upsert(number, "")), "id");
        assertThat(post(SOAP_11, "", get("ownId", number)).body()).contains(id)
                .contains("<familyName>F" + number + "</familyName>");
        assertThat(value(post(SOAP_12, "", get("id", id)), "version")).isEqualTo("1");
    }

    @Test
    void changesNothingWhenTheSameIsSentAgain() {
        String body = upsert(number(), "");
        String id = value(post(SOAP_11, "", body), "id");
        HttpResponse<String> again = post(SOAP_11, "", body);
        assertThat(value(again, "state")).isEqualTo("unchanged");
        assertThat(value(again, "id")).isEqualTo(id);
    }

    @Test
    void answersTheSameMessageIdAgain() {
        String header = "<h:MessageID xmlns:h=\"http://www.w3.org/2005/08/addressing\">urn:uuid:" + UUID.randomUUID()
                + "</h:MessageID>";
        String body = upsert(number(), "");
        String id = value(post(SOAP_12, header, body), "id");
        HttpResponse<String> again = post(SOAP_12, header, body);
        assertThat(value(again, "state")).isEqualTo("duplicate");
        assertThat(value(again, "id")).isEqualTo(id);
    }

    @Test
    void namesTheElementThatIsWrong() {
        HttpResponse<String> fault = post(SOAP_11, "", upsert(number(), "<email>first@example.org</email>"
                + "<email>no address</email>"));
        assertThat(fault.statusCode()).isEqualTo(500);
        assertThat(fault.body()).contains(":Client<").contains("/upsertCustomer/customer/email[2]");
        String message = value(fault, "messageId");
        assertThat(RunningHub.json(hub.send("GET", "/api/messages/" + message, null, "serai-key", hub.key()))
                .path("state").asString()).isEqualTo("rejected");
    }

    @Test
    void saysSenderInTheNewerVersion() {
        assertThat(post(SOAP_12, "", "<upsertCustomer xmlns=\"urn:serai:customers:v1\"/>").body())
                .contains(":Sender<").contains("/upsertCustomer/customer");
    }

    @Test
    void refusesBrokenXmlWithoutNamingItsParts() {
        HttpResponse<String> fault = post("text/xml", "<e:Envelope xmlns:e=\"" + SOAP_11 + "\"><e:Body><broken");
        assertThat(fault.statusCode()).isEqualTo(500);
        assertThat(fault.body()).contains("malformed").contains("correlationId").doesNotContain("woodstox")
                .doesNotContain("Exception").doesNotContain("cxf");
    }

    @Test
    void refusesDocumentTypes() {
        HttpResponse<String> fault = post("text/xml",
                "<!DOCTYPE x [<!ENTITY x SYSTEM \"file:///etc/hostname\">]><e:Envelope xmlns:e=\"" + SOAP_11
                        + "\"><e:Body>" + upsert(number(), "<email>&x;</email>") + "</e:Body></e:Envelope>");
        assertThat(fault.statusCode()).isEqualTo(500);
        assertThat(fault.body()).contains("malformed");
    }

    @Test
    void looksAtTheBodyAndNotAtTheAction() {
        String address = hub.url() + "/soap/customers";
        HttpResponse<String> answer = hub.send("POST", address,
                envelope(SOAP_11, "", "<deleteEverything xmlns=\"urn:serai:customers:v1\"/>"), "Authorization", basic(),
                "Content-Type", "text/xml", "SOAPAction", "\"urn:serai:customers:v1:getCustomer\"");
        assertThat(answer.body()).contains("unknown-operation");
    }

    @Test
    void answersOnTheSameConnectionOnly() {
        String header = "<h:ReplyTo xmlns:h=\"http://www.w3.org/2005/08/addressing\"><h:Address>http://127.0.0.1:9/</h:Address></h:ReplyTo>";
        assertThat(post(SOAP_12, header, upsert(number(), "")).body()).contains("reply-to").contains(":Sender<");
    }

    @Test
    void answersStrangersWithAFault() {
        HttpResponse<String> fault = hub.send("POST", "/soap/customers", envelope(SOAP_11, "", get("ownId", "1")),
                "Content-Type", "text/xml");
        assertThat(fault.statusCode()).isEqualTo(401);
        assertThat(fault.body()).contains("Fault").contains("not-signed-on");
    }

    @Test
    void letsNobodyWriteInANameThatIsNoSpokes() {
        HttpResponse<String> fault = hub.send("POST", "/soap/customers", envelope(SOAP_11, "", upsert(number(), "")),
                "Content-Type", "text/xml", "serai-key", hub.key());
        assertThat(fault.body()).contains("not-allowed");
    }

    @Test
    void takesAnOrderWithItsCustomer() {
        String number = number();
        post(SOAP_11, "", upsert(number, ""));
        String order = """
                <submitOrder xmlns="urn:serai:customers:v1"><order><number>O-%s</number><customerId>%s</customerId>
                <paid>true</paid><paidAt>2026-03-01T09:30:00Z</paidAt><currency>CHF</currency>
                <line><description>Tea</description><quantity>2</quantity><unitPrice>4.50</unitPrice></line>
                <total>9.00</total></order></submitOrder>""".formatted(number, number);
        HttpResponse<String> answer = post(SOAP_11, "", order);
        assertThat(value(answer, "state")).as(answer.body()).isEqualTo("applied");
        assertThat(value(post(SOAP_11, "", order), "state")).isEqualTo("unchanged");
    }

    @Test
    void showsItsContractWithTheAddressThatWasAsked() {
        HttpResponse<String> wsdl = hub.send("GET", "/soap/customers?wsdl", null);
        assertThat(wsdl.statusCode()).isEqualTo(200);
        assertThat(wsdl.body()).contains("location=\"" + hub.url() + "/soap/customers\"")
                .contains(hub.url() + "/soap/customers?xsd=customers.xsd").doesNotContain(":8080");
        assertThat(hub.send("GET", "/soap/customers?xsd=customers.xsd", null).body()).contains("<xs:schema");
    }

    private static String number() {
        return UUID.randomUUID().toString().substring(0, 13);
    }

    private static String upsert(String number, String more) {
        return "<upsertCustomer xmlns=\"urn:serai:customers:v1\"><customer><id>" + number
                + "</id><kind>person</kind><givenName>G" + number + "</givenName><familyName>F" + number
                + "</familyName>" + more + "</customer></upsertCustomer>";
    }

    private static String get(String element, String value) {
        return "<getCustomer xmlns=\"urn:serai:customers:v1\"><" + element + ">" + value + "</" + element
                + "></getCustomer>";
    }

    private static String envelope(String version, String header, String body) {
        return "<e:Envelope xmlns:e=\"" + version + "\"><e:Header>" + header + "</e:Header><e:Body>" + body
                + "</e:Body></e:Envelope>";
    }

    private HttpResponse<String> post(String version, String header, String body) {
        return post(version.equals(SOAP_11) ? "text/xml; charset=utf-8" : "application/soap+xml; charset=utf-8",
                envelope(version, header, body));
    }

    private HttpResponse<String> post(String contentType, String envelope) {
        return hub.send("POST", "/soap/customers", envelope, "Authorization", basic(), "Content-Type", contentType);
    }

    private static String basic() {
        return "Basic " + Base64.getEncoder().encodeToString("erp:canary-secret".getBytes());
    }

    private static String value(HttpResponse<String> answer, String element) {
        Matcher matcher = Pattern.compile("<(?:\\w+:)?" + element + ">([^<]*)<").matcher(answer.body());
        return matcher.find() ? matcher.group(1) : "nothing in " + answer.body();
    }
}
