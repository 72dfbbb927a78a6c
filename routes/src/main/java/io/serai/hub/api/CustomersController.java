package io.serai.hub.api;

import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

import io.serai.crm.Edit;
import io.serai.hub.web.Caller;
import io.serai.hub.web.Problem;

/** Writing customers: what a caller says of its own record, and edits of the golden record. */
@RestController
final class CustomersController {
    private static final Pattern ETAG = Pattern.compile("(?:W/)?\"([0-9]{1,18})\"");

    private final Intake intake;

    CustomersController(Intake intake) {
        this.intake = intake;
    }

    @PostMapping("/api/customers")
    void create(HttpServletRequest request, HttpServletResponse response) throws IOException {
        intake.take(request, response, "customer", null, "/api/customers/");
    }

    @PatchMapping("/api/customers/{id}")
    void edit(@PathVariable("id") String id, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        if (!Caller.of(request).operator()) {
            throw new Problem(403, "not-allowed",
                    "Only an operator's key may edit the golden record. A spoke says what its"
                            + " own record holds: POST /api/customers with the record's id as source.id.");
        }
        Edit edit = new Edit(Paging.id(id), expected(request.getHeader("If-Match")));
        intake.take(request, response, "customer", edit, "/api/customers/");
    }

    static Long expected(String ifMatch) {
        if (ifMatch == null) {
            throw new Problem(428, "if-match-missing",
                    "Send If-Match with the ETag of the version you have read, or * to overwrite any.");
        }
        if (ifMatch.strip().equals("*")) {
            return null;
        }
        Matcher etag = ETAG.matcher(ifMatch.strip());
        if (!etag.matches()) {
            throw Problem.invalid("If-Match", "If-Match must be one ETag as the hub gave it, such as \"3\", or *.");
        }
        return Long.valueOf(etag.group(1));
    }
}
