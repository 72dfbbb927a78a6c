package io.serai.hub.web;

import java.util.Locale;
import java.util.Set;

import jakarta.servlet.http.HttpServletRequest;

/** What the door keeps apart. */
enum Area {
    /** Contracts: they say how to talk to the hub and hold no secret. */
    OPEN("contract"),
    /** For whoever signs on. */
    API("api"),
    /** For whoever signs on; errors are SOAP faults. */
    SOAP("/soap/customers"),
    /** For spokes that sign what they send; the connector verifies it. */
    HOOKS("hooks"),
    /** Health and metrics, on a port of their own. */
    MANAGEMENT("management"),
    /** Nothing. */
    NONE("none");

    static final Set<String> METHODS = Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");

    final String name;

    Area(String name) {
        this.name = name;
    }

    static Area of(HttpServletRequest request, boolean managementPort) {
        String path = request.getServletPath();
        String rest = request.getPathInfo();
        if (rest != null) {
            path += rest;
        }
        if (managementPort) {
            return path.startsWith("/actuator/") ? MANAGEMENT : NONE;
        }
        boolean reads = "GET".equals(request.getMethod()) || "HEAD".equals(request.getMethod());
        if (path.startsWith("/api/")) {
            return reads && path.equals("/api/openapi.json") ? OPEN : API;
        }
        if (path.startsWith("/soap/")) {
            String query = request.getQueryString();
            boolean contract = reads && query != null && query.toLowerCase(Locale.ROOT).matches("wsdl|xsd=[a-z.]+");
            return contract ? OPEN : SOAP;
        }
        return path.startsWith("/hooks/") ? HOOKS : NONE;
    }
}
