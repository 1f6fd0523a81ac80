import eu.europa.esig.dss.enumerations.CertificationPermission;
import eu.europa.esig.dss.enumerations.DigestAlgorithm;
import eu.europa.esig.dss.enumerations.Indication;
import eu.europa.esig.dss.enumerations.SignatureAlgorithm;
import eu.europa.esig.dss.enumerations.SignatureLevel;
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.InMemoryDocument;
import eu.europa.esig.dss.model.SignatureValue;
import eu.europa.esig.dss.model.ToBeSigned;
import eu.europa.esig.dss.model.x509.CertificateToken;
import eu.europa.esig.dss.pades.PAdESSignatureParameters;
import eu.europa.esig.dss.pades.SignatureFieldParameters;
import eu.europa.esig.dss.pades.SignatureImageParameters;
import eu.europa.esig.dss.pades.signature.PAdESService;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.spi.x509.revocation.crl.ExternalResourcesCRLSource;
import eu.europa.esig.dss.validation.SignedDocumentValidator;

import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.StringJoiner;

/**
 * EU DSS as the peer of the hub's own sealing and verifying: scripts/bench_dss.py starts it with a folder and writes
 * one command on each line. It times each call itself, so that the pipe between the two does not count, by the
 * processor time of the thread that calls: neither what else runs on the machine counts, nor the compiler and the
 * garbage collector of Java.
 *
 * The folder holds key.p12, passphrase, page.pdf, attribute (as long as an endorsement), seal.png, box (page, left, top,
 * width, height in points, origin in the upper left corner), root.der and any number of *.crl.
 *
 * seal CALLS visible|invisible   answers with nanoseconds, separated by commas
 * keep FILE                      writes what was sealed last; answers with its length
 * verify CALLS FILE              answers with nanoseconds; every call must find TOTAL_PASSED
 * judge FILE                     answers with the indication of each signature
 */
public final class DssPeer {
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private final PAdESService service = new PAdESService(new CommonCertificateVerifier());
    private final CommonCertificateVerifier verifier = new CommonCertificateVerifier();
    private final Path folder;
    private final PrivateKey key;
    private final List<CertificateToken> chain = new ArrayList<>();
    private final DSSDocument page;
    private final String attribute;
    private final byte[] image;
    private final String[] box;
    private byte[] sealed = new byte[0];

    private DssPeer(Path folder) throws Exception {
        this.folder = folder;
        char[] passphrase = Files.readString(folder.resolve("passphrase")).toCharArray();
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream file = new FileInputStream(folder.resolve("key.p12").toFile())) {
            keys.load(file, passphrase);
        }
        String alias = keys.aliases().nextElement();
        key = (PrivateKey) keys.getKey(alias, passphrase);
        for (Certificate certificate : keys.getCertificateChain(alias)) {
            chain.add(DSSUtils.loadCertificate(certificate.getEncoded()));
        }
        page = new InMemoryDocument(Files.readAllBytes(folder.resolve("page.pdf")));
        attribute = Files.readString(folder.resolve("attribute"), StandardCharsets.UTF_8);
        image = Files.readAllBytes(folder.resolve("seal.png"));
        box = Files.readString(folder.resolve("box")).trim().split(" ");
        prepareVerifier();
    }

    public static void main(String[] arguments) throws Exception {
        DssPeer peer = new DssPeer(Path.of(arguments[0]));
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            System.out.println(peer.answer(line.split(" ")));
        }
    }

    private String answer(String[] command) throws Exception {
        switch (command[0]) {
            case "seal":
                boolean visible = command[2].equals("visible");
                return timed(command[1], () -> sealed = seal(visible));
            case "keep":
                Files.write(Path.of(command[1]), sealed);
                return Integer.toString(sealed.length);
            case "verify":
                byte[] document = Files.readAllBytes(Path.of(command[2]));
                return timed(command[1], () -> mustPass(report(document)));
            case "judge":
                return indications(report(Files.readAllBytes(Path.of(command[1]))));
            default:
                throw new IllegalArgumentException(command[0]);
        }
    }

    private interface Call {
        void run() throws Exception;
    }

    private static String timed(String calls, Call call) throws Exception {
        StringJoiner nanoseconds = new StringJoiner(",");
        for (int turn = Integer.parseInt(calls); turn > 0; turn--) {
            long begin = THREADS.getCurrentThreadCpuTime();
            call.run();
            nanoseconds.add(Long.toString(THREADS.getCurrentThreadCpuTime() - begin));
        }
        return nanoseconds.toString();
    }

    /** One certifying PAdES B-B signature that allows no change, with a signed attribute as long as an endorsement. */
    private byte[] seal(boolean visible) throws Exception {
        PAdESSignatureParameters how = new PAdESSignatureParameters();
        how.setSignatureLevel(SignatureLevel.PAdES_BASELINE_B);
        how.setDigestAlgorithm(DigestAlgorithm.SHA256);
        how.setSigningCertificate(chain.get(0));
        how.setCertificateChain(chain);
        how.setPermission(CertificationPermission.NO_CHANGE_PERMITTED);
        how.bLevel().setSigningDate(new Date());
        how.bLevel().setClaimedSignerRoles(List.of(attribute));
        if (visible) {
            how.setImageParameters(appearance());
        }
        ToBeSigned toSign = service.getDataToSign(page, how);
        boolean elliptic = key.getAlgorithm().equals("EC");
        Signature signature = Signature.getInstance(elliptic ? "SHA256withECDSA" : "SHA256withRSA");
        signature.initSign(key);
        signature.update(toSign.getBytes());
        SignatureAlgorithm algorithm = elliptic ? SignatureAlgorithm.ECDSA_SHA256 : SignatureAlgorithm.RSA_SHA256;
        SignatureValue value = new SignatureValue(algorithm, signature.sign());
        return DSSUtils.toByteArray(service.signDocument(page, how, value));
    }

    private SignatureImageParameters appearance() {
        SignatureFieldParameters field = new SignatureFieldParameters();
        field.setPage(Integer.parseInt(box[0]));
        field.setOriginX(Float.parseFloat(box[1]));
        field.setOriginY(Float.parseFloat(box[2]));
        field.setWidth(Float.parseFloat(box[3]));
        field.setHeight(Float.parseFloat(box[4]));
        SignatureImageParameters appearance = new SignatureImageParameters();
        appearance.setImage(new InMemoryDocument(image, "seal.png"));
        appearance.setFieldParameters(field);
        return appearance;
    }

    private void prepareVerifier() throws Exception {
        CommonTrustedCertificateSource trusted = new CommonTrustedCertificateSource();
        trusted.addCertificate(DSSUtils.loadCertificate(Files.readAllBytes(folder.resolve("root.der"))));
        verifier.setTrustedCertSources(trusted);
        List<DSSDocument> lists = new ArrayList<>();
        try (var files = Files.newDirectoryStream(folder, "*.crl")) {
            for (Path file : files) {
                lists.add(new InMemoryDocument(Files.readAllBytes(file)));
            }
        }
        verifier.setCrlSource(new ExternalResourcesCRLSource(lists.toArray(new DSSDocument[0])));
    }

    private SimpleReport report(byte[] document) {
        SignedDocumentValidator validator = SignedDocumentValidator.fromDocument(new InMemoryDocument(document));
        validator.setCertificateVerifier(verifier);
        return validator.validateDocument().getSimpleReport();
    }

    private static void mustPass(SimpleReport report) {
        if (!indications(report).equals(Indication.TOTAL_PASSED.name())) {
            throw new IllegalStateException("DSS finds " + indications(report));
        }
    }

    private static String indications(SimpleReport report) {
        StringJoiner found = new StringJoiner(" ");
        for (String id : report.getSignatureIdList()) {
            Object detail = report.getSubIndication(id);
            found.add(report.getIndication(id) + (detail == null ? "" : "/" + detail));
        }
        return found.toString();
    }
}
