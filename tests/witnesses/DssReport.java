// Judges PDFs by EU DSS with one trust anchor and nothing fetched, as of a given moment; prints one line a file:
// file, format of its seal, indication, sub-indication. With -Dlists=FILE:FILE revocation lists are at hand.
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import eu.europa.esig.dss.spi.x509.revocation.crl.ExternalResourcesCRLSource;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.Arrays;
import java.util.Date;

public class DssReport {
    private static final String STRICT = "ByteRange\\w*|PdfSignatureDictionary|PdfPageDifference|PdfAnnotationOverlap|"
        + "PdfVisualDifference|DocMDP|FieldMDP|SigFieldLock|UndefinedChanges";

    public static void main(String[] arguments) {
        for (int number = 2; number < arguments.length; number++) {
            CommonTrustedCertificateSource trusted = new CommonTrustedCertificateSource();
            trusted.addCertificate(DSSUtils.loadCertificate(new File(arguments[0])));
            CommonCertificateVerifier verifier = new CommonCertificateVerifier();
            verifier.setTrustedCertSources(trusted);
            verifier.setAIASource(null);
            if (System.getProperty("lists") != null) {
                verifier.setCrlSource(lists(System.getProperty("lists").split(":")));
            }
            System.out.println(arguments[number] + " " + judged(arguments[number], arguments[1], verifier));
        }
    }

    private static ExternalResourcesCRLSource lists(String[] files) {
        return new ExternalResourcesCRLSource(
            Arrays.stream(files).map(file -> new FileDocument(file).openStream()).toArray(InputStream[]::new));
    }

    /** DSS's own policy; with -Dstrict what it would only warn of in a PDF's structure, time and certificate fails. */
    private static InputStream policy() throws IOException {
        String rules = new String(DssReport.class.getResourceAsStream("/policy/constraint.xml").readAllBytes());
        if (System.getProperty("strict") != null) {
            rules = rules.replaceAll("(?s)<(" + STRICT + ")( [^>]*)?Level=\"(WARN|INFORM|IGNORE)\"", "<$1$2Level=\"FAIL\"");
        }
        return new ByteArrayInputStream(rules.getBytes());
    }

    private static String judged(String file, String at, CommonCertificateVerifier verifier) {
        try {
            SignedDocumentValidator validator = SignedDocumentValidator.fromDocument(new FileDocument(file));
            validator.setCertificateVerifier(verifier);
            validator.setValidationTime(Date.from(Instant.parse(at)));
            return line(validator.validateDocument(policy()).getSimpleReport());
        } catch (IOException | RuntimeException | StackOverflowError unreadable) {
            return "NONE UNREADABLE NONE";
        }
    }

    private static String line(SimpleReport report) {
        if (report.getSignatureIdList().isEmpty()) {
            return "NONE NONE NONE";
        }
        String seal = report.getSignatureIdList().get(0);
        return report.getSignatureFormat(seal) + " " + report.getIndication(seal) + " " + report.getSubIndication(seal);
    }
}
