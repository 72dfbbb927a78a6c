package io.serai.sandbox;

/**
 * Where the hub is and who the ERP is there.
 *
 * @param url such as {@code http://127.0.0.1:8080}; webhooks go to {@code /hooks/shop}, SOAP to {@code /soap/customers}
 * @param user for the ERP's SOAP calls
 * @param password for the ERP's SOAP calls
 */
public record Hub(String url, String user, String password) {

    public Hub {
        url = url.replaceAll("/+$", "");
    }

    @Override
    public String toString() {
        return "Hub[" + url + "]";
    }
}
