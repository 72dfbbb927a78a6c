package io.serai.mapping;

import java.io.ByteArrayInputStream;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.xml.XMLConstants;
import javax.xml.parsers.ParserConfigurationException;
import javax.xml.parsers.SAXParserFactory;
import javax.xml.transform.sax.SAXSource;
import javax.xml.transform.stream.StreamSource;
import net.sf.saxon.lib.Feature;
import net.sf.saxon.s9api.Processor;
import net.sf.saxon.s9api.QName;
import net.sf.saxon.s9api.SaxonApiException;
import net.sf.saxon.s9api.XdmAtomicValue;
import net.sf.saxon.s9api.XdmValue;
import net.sf.saxon.s9api.XmlProcessingError;
import net.sf.saxon.s9api.XsltExecutable;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;
import org.xml.sax.SAXParseException;
import org.xml.sax.XMLReader;
import tools.jackson.core.JacksonException;

/**
 * A mapping written in XSLT 3, for XML that JSONata cannot read well. Closed to the outside: no DTD, no external
 * entity, no document(), no Java, no further files.
 */
final class XsltMapping extends Mapping {
    /** The error of xsl:message terminate="yes": a mapping says with it what is wrong with the record. */
    private static final String TERMINATED = "XTMM9000";
    private static final Processor PROCESSOR = closed();

    private final XsltExecutable stylesheet;

    private XsltMapping(String name, String version, XsltExecutable stylesheet) {
        super(name, version);
        this.stylesheet = stylesheet;
    }

    static XsltMapping compiled(String name, String version, Path file, String source) {
        var errors = new ArrayList<XmlProcessingError>();
        var compiler = PROCESSOR.newXsltCompiler();
        compiler.setErrorList(errors);
        compiler.setJustInTimeCompilation(false);
        compiler.setResourceResolver(request -> {
            throw new net.sf.saxon.trans.XPathException("A mapping is one file; it cannot read " + request.uri + ".");
        });
        try {
            return new XsltMapping(name, version,
                    compiler.compile(new StreamSource(new StringReader(source), file.toUri().toString())));
        } catch (SaxonApiException e) {
            var error = errors.isEmpty() ? null : errors.getFirst();
            var line = error == null || error.getLocation() == null
                    ? e.getLineNumber()
                    : error.getLocation().getLineNumber();
            var column = error == null || error.getLocation() == null ? 0 : error.getLocation().getColumnNumber();
            throw new BadMappingException(file, Math.max(line, 0), Math.max(column, 0),
                    error == null ? e.getMessage() : error.getMessage(), e);
        }
    }

    private static Processor closed() {
        var processor = new Processor(false);
        processor.setConfigurationProperty(Feature.ALLOW_EXTERNAL_FUNCTIONS, false);
        processor.setConfigurationProperty(Feature.DISABLE_XSL_EVALUATE, true);
        processor.setConfigurationProperty(Feature.ALLOWED_PROTOCOLS, "");
        XsltFunction.registerIn(processor);
        return processor;
    }

    @Override
    public Object apply(Object input, Map<String, Object> bindings) {
        var source = switch (input) {
            case String text -> new InputSource(new StringReader(text.startsWith("\uFEFF") ? text.substring(1) : text));
            case byte[] bytes -> new InputSource(new ByteArrayInputStream(bytes));
            case null, default -> throw failure(MappingException.MALFORMED, null,
                    "An XSLT mapping reads XML text and there is none; use it where the record arrives as XML.", null,
                    null);
        };
        var errors = new ArrayList<XmlProcessingError>();
        var said = new ArrayList<String>();
        try {
            var transformer = stylesheet.load30();
            transformer.setErrorReporter(errors::add);
            transformer.setMessageHandler(message -> said.add(message.getStringValue()));
            transformer.setStylesheetParameters(parameters(bindings));
            var result = new StringWriter();
            transformer.transform(new SAXSource(reader(), source), transformer.newSerializer(result));
            return parsed(result.toString().strip());
        } catch (SaxonApiException e) {
            throw failure(e, errors, said);
        } catch (StackOverflowError e) {
            throw failure(MappingException.FAILED, null,
                    "The mapping is nested too deeply for this record; give its recursion an end.", null, null);
        }
    }

    private MappingException failure(SaxonApiException e, List<XmlProcessingError> errors, List<String> said) {
        var location = errors.isEmpty() ? null : errors.getFirst().getLocation();
        var place = location == null || location.getLineNumber() < 1 ? null : "line " + location.getLineNumber();
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof SAXParseException parse) {
                return failure(MappingException.MALFORMED, null,
                        "The record is no XML this hub reads (line " + parse.getLineNumber() + ", column "
                                + parse.getColumnNumber() + "): " + parse.getMessage(),
                        null, e);
            }
            if (cause instanceof Refused refused) {
                return failure(MappingException.INVALID, null, refused.getMessage(), place, e);
            }
        }
        if (!said.isEmpty() && e.getErrorCode() != null && e.getErrorCode().getLocalName().equals(TERMINATED)) {
            return failure(MappingException.INVALID, null, said.getLast(), place, e);
        }
        return failure(MappingException.FAILED, null, "The mapping failed: " + e.getMessage() + ".", place, e);
    }

    private Object parsed(String text) {
        if (!text.startsWith("{") && !text.startsWith("[")) {
            return text;
        }
        try {
            return JsonText.parse(text);
        } catch (JacksonException e) {
            throw failure(MappingException.FAILED, null,
                    "The mapping writes text that is no JSON: " + e.getOriginalMessage() + ".", null, e);
        }
    }

    private Map<QName, XdmValue> parameters(Map<String, Object> bindings) {
        var parameters = new HashMap<QName, XdmValue>();
        for (var declared : stylesheet.getGlobalParameters().keySet()) {
            if (bindings.get(declared.getLocalName()) instanceof String text) {
                parameters.put(declared, new XdmAtomicValue(text));
            }
        }
        return parameters;
    }

    private static XMLReader reader() {
        try {
            var factory = SAXParserFactory.newInstance();
            factory.setNamespaceAware(true);
            factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            return factory.newSAXParser().getXMLReader();
        } catch (ParserConfigurationException | SAXException e) {
            throw new IllegalStateException("The XML parser of this Java cannot be made safe; use another Java.", e);
        }
    }
}
