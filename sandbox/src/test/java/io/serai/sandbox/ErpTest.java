package io.serai.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ErpTest {
    @TempDir
    Path folder;
    private HubDouble hub;
    private Company company;
    private Erp erp;
    private Caller caller;

    @BeforeEach
    void open() throws IOException {
        hub = new HubDouble();
        company = Company.start(Company.Options.in(folder).withSystems("erp"));
        erp = company.erp();
        company.hub(hub.url());
        caller = new Caller(Map.of("Authorization", "Basic " + Base64.getEncoder()
                .encodeToString((erp.user() + ":" + erp.password()).getBytes(StandardCharsets.UTF_8))));
    }

    @AfterEach
    void close() throws IOException {
        company.close();
        hub.close();
    }

    @Test
    void numbersANewCustomerAndCutsALongName() throws IOException {
        Soap answer = soap("<UpsertCustomer><partnerType>ORG</partnerType><name1>" + "Weberei ".repeat(6)
                + "</name1></UpsertCustomer>");
        assertThat(answer.operation()).isEqualTo("UpsertCustomerResponse");
        assertThat(answer.text("customerNumber")).isEqualTo("0000010001");
        assertThat(erp.customers().getFirst().get("name1").toString()).hasSize(35);
    }

    @Test
    void leavesWhatIsAbsentAndClearsWhatIsNil() throws IOException {
        soap("<UpsertCustomer><name1>Keller</name1><phone>+41445550001</phone><city>Chur</city></UpsertCustomer>");
        soap("<UpsertCustomer><customerNumber>10001</customerNumber><phone xmlns:xsi="
                + "\"http://www.w3.org/2001/XMLSchema-instance\" xsi:nil=\"true\"/></UpsertCustomer>");
        assertThat(erp.customers()).singleElement().satisfies(customer -> assertThat(customer)
                .containsEntry("name1", "Keller").containsEntry("city", "Chur").doesNotContainKey("phone"));
        Soap read = soap("<ReadCustomer><customerNumber>0000010001</customerNumber></ReadCustomer>");
        assertThat(read.content().get("customer").toString()).contains("name1=Keller", "changeNumber=2");
    }

    @Test
    void namesCodeAndFieldInAFault() throws IOException {
        Soap fault = soap("<UpsertCustomer><name1>Keller</name1><country>Atlantis</country></UpsertCustomer>");
        assertThat(fault.isFault()).isTrue();
        assertThat(fault.content().get("detail").toString()).contains("code=INVALID_COUNTRY", "field=country");
        assertThat(erp.ledger()).isEmpty();
    }

    @Test
    void speaksSoap12ToWhoSpeaksIt() throws IOException {
        HttpResponse<String> response = caller.call("POST", erp.soapUrl(), "<e:Envelope xmlns:e=\"" + Soap.SOAP_12
                + "\"><e:Body><ReadCustomer xmlns=\"" + Erp.NAMESPACE
                + "\"><customerNumber>1</customerNumber></ReadCustomer></e:Body></e:Envelope>");
        Soap fault = Soap.read(response.body().getBytes(StandardCharsets.UTF_8));
        assertThat(fault.envelope()).isEqualTo(Soap.SOAP_12);
        assertThat(fault.blamesTheCaller()).isTrue();
        assertThat(fault.content().get("Detail").toString()).contains("UNKNOWN_CUSTOMER", "customerNumber");
    }

    @Test
    void refusesADocumentType() throws IOException {
        HttpResponse<String> refused = caller.call("POST", erp.soapUrl(),
                "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/hostname\">]><s:Envelope xmlns:s=\"" + Soap.SOAP_11
                        + "\"><s:Body><UpsertCustomer xmlns=\"" + Erp.NAMESPACE
                        + "\"><name1>&e;</name1></UpsertCustomer></s:Body></s:Envelope>");
        assertThat(refused.statusCode()).isEqualTo(500);
        assertThat(refused.body()).contains("MALFORMED", "document type");
    }

    @Test
    void asksForUserAndPassword() throws IOException {
        assertThat(new Caller(Map.of()).call("POST", erp.soapUrl(), "").statusCode()).isEqualTo(401);
    }

    @Test
    void showsItsWsdlWithItsOwnAddress() throws IOException {
        assertThat(caller.get(erp.soapUrl() + "?wsdl").body()).contains("location=\"" + erp.soapUrl() + "\"");
    }

    @Test
    void tellsTheHubWhatAPersonEditsAndBelievesTheAnswer() {
        erp.edit(Map.of("name1", "Keller", "name2", "Anna", "email", "anna@example.com"));
        Caller.await("answered", () -> erp.sent().getFirst().get("state").equals("accepted"));
        HubDouble.Call call = hub.calls.getFirst();
        Soap said = Soap.read(call.body());
        assertThat(call.path()).isEqualTo("/soap/customers");
        assertThat(said.operation()).isEqualTo("upsertCustomer");
        assertThat(said.content().get("customer").toString()).contains("id=0000010001", "familyName=Keller",
                "givenName=Anna", "kind=person");
        assertThat(erp.sent().getFirst().get("answer").toString()).contains("golden-1");
    }

    @Test
    void saysWhatAPersonClearedAndNothingOfWhatIsNotThere() {
        erp.edit(Map.of("name1", "Keller", "phone", "+41445550001"));
        erp.edit(Map.of("customerNumber", "10001", "phone", ""));
        Caller.await("both sent", () -> hub.calls.size() == 2);
        assertThat(hub.calls.get(1).text()).contains("<phone xsi:nil=\"true\"/>").doesNotContain("<email", "<address");
    }

    @Test
    void repeatsAMessageWithTheSameIdUntilItIsAnswered() throws IOException {
        hub.replies.add(new HubDouble.Reply(503, "starting"));
        hub.replies.add(new HubDouble.Reply(500, HubDouble.fault("Server")));
        erp.edit(Map.of("name1", "Keller"));
        Caller.await("answered", () -> erp.sent().getFirst().get("state").equals("accepted"));
        assertThat(hub.calls).hasSize(3).extracting(call -> Soap.read(call.body()).id())
                .containsOnly((String) erp.sent().getFirst().get("messageId"));
        erp.stop();
        erp.start();
        assertThat(erp.sent().getFirst()).containsEntry("state", "accepted").containsEntry("attempts", 3);
        assertThat(hub.calls).hasSize(3);
    }

    @Test
    void givesUpWhatTheHubRefuses() {
        hub.replies.add(new HubDouble.Reply(500, HubDouble.fault("Client")));
        erp.edit(Map.of("name1", "Keller"));
        Caller.await("answered", () -> erp.sent().getFirst().get("state").equals("refused"));
        assertThat(hub.calls).hasSize(1);
    }

    @Test
    void keepsItsLedgerAcrossARestart() throws IOException {
        hub.close();
        erp.edit(Map.of("name1", "Keller", "city", "Chur"));
        erp.order(Map.of("customerNumber", "10001"));
        List<Map<String, Object>> customers = erp.customers();
        List<Map<String, Object>> ledger = erp.ledger();
        String url = erp.url();
        erp.stop();
        erp.start();
        assertThat(erp.customers()).isEqualTo(customers);
        assertThat(erp.ledger()).isEqualTo(ledger);
        assertThat(erp.url()).isEqualTo(url);
        assertThat(erp.sent()).extracting(sent -> sent.get("state")).containsExactly("pending", "pending");
    }

    @Test
    void submitsAnOrderAndLearnsItsInvoice() throws IOException {
        erp.edit(Map.of("name1", "Keller"));
        erp.order(Map.of("customerNumber", "10001", "orderNumber", "E-1"));
        Caller.await("both sent", () -> hub.calls.size() == 2);
        assertThat(Soap.read(hub.calls.get(1).body()).content().get("order").toString()).contains("number=E-1",
                "customerId=0000010001", "paid=true", "total=120.00");
        soap("<SetOrderInvoice><orderNumber>E-1</orderNumber><invoiceNumber>INV-7</invoiceNumber><status>issued</status>"
                + "</SetOrderInvoice>");
        assertThat(erp.orders().getFirst()).containsEntry("invoiceNumber", "INV-7").containsEntry("invoiceStatus",
                "issued");
    }

    private Soap soap(String body) throws IOException {
        String xml = "<s:Envelope xmlns:s=\"" + Soap.SOAP_11 + "\"><s:Body>"
                + body.replaceFirst("^<(\\w+)", "<$1 xmlns=\"" + Erp.NAMESPACE + "\"") + "</s:Body></s:Envelope>";
        return Soap.read(caller.call("POST", erp.soapUrl(), xml).body().getBytes(StandardCharsets.UTF_8));
    }
}
