// Judges PDFs by EU DSS with one trust anchor and nothing fetched, as of a given moment; prints one line a file:
// file, format of its seal, indication, sub-indication.
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import java.io.File;
import java.time.Instant;
import java.util.Date;

public class DssReport {
    public static void main(String[] arguments) {
        for (int number = 2; number < arguments.length; number++) {
            CommonTrustedCertificateSource trusted = new CommonTrustedCertificateSource();
            trusted.addCertificate(DSSUtils.loadCertificate(new File(arguments[0])));
            CommonCertificateVerifier verifier = new CommonCertificateVerifier();
            verifier.setTrustedCertSources(trusted);
            verifier.setAIASource(null);
            SignedDocumentValidator validator =
                SignedDocumentValidator.fromDocument(new FileDocument(arguments[number]));
            validator.setCertificateVerifier(verifier);
            validator.setValidationTime(Date.from(Instant.parse(arguments[1])));
            System.out.println(arguments[number] + " " + line(validator.validateDocument().getSimpleReport()));
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
