package io.serai.hub.api;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.servlet.HandlerInterceptor;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

import io.serai.hub.web.Problem;

/**
 * Refuses query parameters that the contract does not know: a misspelt filter that is ignored answers with everybody, and
 * whoever asked believes it.
 */
@Configuration(proxyBeanMethods = false)
class KnownParameters implements WebMvcConfigurer, HandlerInterceptor {
    /** @param names of the parameters that may stand in the query */
    private record Operation(String method, Pattern path, Set<String> names) {}

    private final List<Operation> operations = new ArrayList<>();

    KnownParameters(OpenApi contract) throws IOException {
        Map<String, Object> document = contract.build();
        map(document.get("paths")).forEach((path, item) -> map(item).forEach((method, operation) -> {
            if (operation instanceof Map<?, ?>) {
                Set<String> names = new TreeSet<>();
                names(names, map(item).get("parameters"), document);
                names(names, map(operation).get("parameters"), document);
                operations.add(new Operation(method.toUpperCase(Locale.ROOT), pattern(path), names));
            }
        }));
    }

    @Override
    public void addInterceptors(InterceptorRegistry registry) {
        registry.addInterceptor(this).addPathPatterns("/api/**");
    }

    @Override
    public boolean preHandle(HttpServletRequest request, HttpServletResponse response, Object handler) {
        if (request.getQueryString() == null) {
            return true;
        }
        for (Operation operation : operations) {
            if (operation.method().equals(request.getMethod())
                    && operation.path().matcher(request.getRequestURI()).matches()) {
                for (String name : request.getParameterMap().keySet()) {
                    if (!operation.names().contains(name)) {
                        throw Problem.invalid(name, "There is no such parameter here. "
                                + (operation.names().isEmpty()
                                        ? "This address takes none."
                                        : "This address takes: " + String.join(", ", operation.names()) + "."));
                    }
                }
                return true;
            }
        }
        return true;
    }

    private static void names(Set<String> names, Object parameters, Map<String, Object> document) {
        if (parameters instanceof List<?> list) {
            for (Object entry : list) {
                Map<String, Object> parameter = map(entry);
                if (parameter.get("$ref") instanceof String reference) {
                    Object target = document;
                    for (String step : reference.substring(2).split("/")) {
                        target = map(target).get(step);
                    }
                    parameter = map(target);
                }
                if ("query".equals(parameter.get("in"))) {
                    names.add(parameter.get("name").toString());
                }
            }
        }
    }

    private static Pattern pattern(String path) {
        return Pattern.compile(path.replaceAll("\\{[^}]+}", "[^/]+"));
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> map(Object value) {
        return (Map<String, Object>) value;
    }
}
