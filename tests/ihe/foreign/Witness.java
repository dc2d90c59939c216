import java.util.*;
import javax.activation.DataHandler;
import org.apache.cxf.attachment.ByteDataSource;
import org.apache.camel.*;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.*;
import org.openehealth.ipf.commons.ihe.xds.core.requests.*;
import org.openehealth.ipf.commons.ihe.xds.core.requests.builder.*;
import org.openehealth.ipf.commons.ihe.xds.core.requests.query.*;
import org.openehealth.ipf.commons.ihe.xds.core.responses.*;
import org.openehealth.ipf.platform.camel.ihe.xds.XdsCamelValidators;

/** A foreign XDS.b client (IPF) against a registry and repository. Arguments: the five addresses without scheme, the repository's OID. */
public class Witness {
    static CamelContext context; static ProducerTemplate template;
    static String[] urls = new String[5];
    static final Identifiable PATIENT = new Identifiable("IPF-1", new AssigningAuthority("1.3.6.1.4.1.21367.13.20.1000"));
    static int number = 0;

    static String oid() { return "2.25." + new java.math.BigInteger(UUID.randomUUID().toString().replace("-", ""), 16); }
    static Code code(String code) { return new Code(code, new LocalizedString(code), "1.2.3.4"); }
    static Author author() { Author a = new Author(); a.setAuthorPerson(new Person(new Identifiable("899", new AssigningAuthority("1.2.3")), new XcnName("DUPONT", "Jean", null, null, null, null))); return a; }

    static DocumentEntry entry(String id, String title) {
        DocumentEntry e = new DocumentEntry();
        e.setEntryUuid(id); e.setUniqueId(oid()); e.setPatientId(PATIENT); e.setSourcePatientId(PATIENT);
        e.setTitle(new LocalizedString(title)); e.setMimeType("text/plain"); e.setLanguageCode("fr-FR");
        e.setCreationTime("20260101120000"); e.setClassCode(code("10")); e.setTypeCode(code("T1")); e.setFormatCode(code("F1"));
        e.setHealthcareFacilityTypeCode(code("SA01")); e.setPracticeSettingCode(code("AMB")); e.getConfidentialityCodes().add(code("N"));
        e.getEventCodeList().add(code("EV1")); e.getAuthors().add(author()); e.setType(DocumentEntryType.STABLE);
        e.setAvailabilityStatus(AvailabilityStatus.APPROVED);
        return e;
    }
    static SubmissionSet set() {
        SubmissionSet s = new SubmissionSet();
        s.setEntryUuid("set01"); s.setUniqueId(oid()); s.setPatientId(PATIENT); s.setSourceId("1.2.3.4.5");
        s.setSubmissionTime("20260101120000"); s.setContentTypeCode(code("C1")); s.setAuthor(author());
        s.setAvailabilityStatus(AvailabilityStatus.APPROVED); s.setTitle(new LocalizedString("lot"));
        return s;
    }
    static Association link(AssociationType type, String source, String target) {
        Association a = new Association(type, "as" + (++number), source, target);
        a.setAvailabilityStatus(AvailabilityStatus.APPROVED);
        return a;
    }
    static Association member(String target) { Association a = link(AssociationType.HAS_MEMBER, "set01", target); a.setLabel(AssociationLabel.ORIGINAL); return a; }

    static <T> T send(String kind, Object body, Class<T> type, Processor validator) throws Exception {
        int n = List.of("iti18", "iti41", "iti42", "iti43", "iti57").indexOf(kind);
        Exchange out = template.send("xds-" + kind + "://" + urls[n] + "?audit=false", e -> e.getIn().setBody(body));
        if (out.getException() != null) throw out.getException();
        Message message = out.getMessage();
        Exchange judged = new DefaultExchange(context);
        judged.getIn().setBody(message.getBody());
        if (validator != null) validator.process(judged);
        return message.getBody(type);
    }
    static String errors(Response r) { return r.getErrors() == null ? "" : r.getErrors().stream().map(x -> x.getErrorCode() + "").toList().toString(); }
    static void say(String name, Response r, Object more) { System.out.println(name + "\t" + r.getStatus() + "\t" + errors(r) + "\t" + more); }

    static String count(QueryResponse r) {
        return "entries=" + r.getDocumentEntries().size() + " sets=" + r.getSubmissionSets().size() + " folders=" + r.getFolders().size()
            + " links=" + r.getAssociations().size() + " refs=" + r.getReferences().size();
    }
    static QueryResponse ask(String name, Query query, boolean whole) throws Exception {
        QueryRegistry q = new QueryRegistry(query);
        q.setReturnType(whole ? QueryReturnType.LEAF_CLASS : QueryReturnType.OBJECT_REF);
        QueryResponse r = send("iti18", q, QueryResponse.class, XdsCamelValidators.iti18ResponseValidator());
        say(name, r, count(r));
        return r;
    }
    static Response deposit(String name, SubmissionSet s, List<Folder> folders, List<org.openehealth.ipf.commons.ihe.xds.core.metadata.Document> docs, List<Association> links) throws Exception {
        ProvideAndRegisterDocumentSet request = new ProvideAndRegisterDocumentSet();
        request.setSubmissionSet(s); request.getFolders().addAll(folders); request.getDocuments().addAll(docs); request.getAssociations().addAll(links);
        Response r = send("iti41", request, Response.class, XdsCamelValidators.iti41ResponseValidator());
        say(name, r, "");
        return r;
    }
    static org.openehealth.ipf.commons.ihe.xds.core.metadata.Document document(DocumentEntry e, byte[] data) {
        return new org.openehealth.ipf.commons.ihe.xds.core.metadata.Document(e, new DataHandler(new ByteDataSource(data, "application/octet-stream")));
    }

    public static void main(String[] args) throws Exception {
        System.arraycopy(args, 0, urls, 0, 5);
        String repository = args[5];
        context = new DefaultCamelContext(); context.start(); template = context.createProducerTemplate();
        byte[] big = new byte[3_000_000]; new Random(1).nextBytes(big);
        DocumentEntry first = entry("doc01", "premier");
        Folder box = new Folder(); box.setEntryUuid("folder01"); box.setUniqueId(oid()); box.setPatientId(PATIENT);
        box.setTitle(new LocalizedString("classeur")); box.getCodeList().add(code("F")); box.setAvailabilityStatus(AvailabilityStatus.APPROVED);
        Association inside = link(AssociationType.HAS_MEMBER, "folder01", "doc01");
        SubmissionSet lot = set();
        deposit("ITI-41 set, folder, document", lot, List.of(box), List.of(document(first, big)),
            List.of(member("doc01"), link(AssociationType.HAS_MEMBER, "set01", "folder01"), inside, link(AssociationType.HAS_MEMBER, "set01", inside.getEntryUuid())));

        FindDocumentsQuery find = new FindDocumentsQuery(); find.setPatientId(PATIENT); find.setStatus(List.of(AvailabilityStatus.APPROVED));
        QueryList<Code> events = new QueryList<>(); events.getOuterList().add(List.of(code("EV1"), code("EV2"))); find.setEventCodes(events);
        find.setAuthorPersons(List.of("%DUPONT%")); find.setClassCodes(List.of(code("10"))); find.getCreationTime().setFrom("2026"); find.getCreationTime().setTo("2027");
        DocumentEntry found = ask("FindDocuments", find, true).getDocumentEntries().get(0);
        ask("FindDocuments ObjectRef", find, false);

        RetrieveDocumentSet wanted = new RetrieveDocumentSet();
        wanted.getDocuments().add(new DocumentReference(repository, found.getUniqueId(), null));
        RetrievedDocumentSet back = send("iti43", wanted, RetrievedDocumentSet.class, XdsCamelValidators.iti43ResponseValidator());
        byte[] data = back.getDocuments().get(0).getDataHandler().getInputStream().readAllBytes();
        say("ITI-43", back, Arrays.equals(data, big) + " " + (found.getSize() == data.length));
        wanted.getDocuments().add(new DocumentReference(repository, "1.2.3", null));
        RetrievedDocumentSet partial = send("iti43", wanted, RetrievedDocumentSet.class, XdsCamelValidators.iti43ResponseValidator());
        say("ITI-43 partial", partial, partial.getDocuments().size());

        DocumentEntry second = entry("doc01", "second");
        deposit("ITI-41 replacement", set(), List.of(), List.of(document(second, "nouveau".getBytes())),
            List.of(member("doc01"), link(AssociationType.REPLACE, "doc01", found.getEntryUuid())));
        find.setStatus(List.of(AvailabilityStatus.DEPRECATED)); ask("FindDocuments deprecated", find, true);
        find.setStatus(List.of(AvailabilityStatus.APPROVED)); DocumentEntry current = ask("FindDocuments approved", find, true).getDocumentEntries().get(0);

        DocumentEntry alone = entry("doc01", "ailleurs"); alone.setHash("da39a3ee5e6b4b0d3255bfef95601890afd80709"); alone.setSize(0L); alone.setRepositoryUniqueId("1.2.3");
        RegisterDocumentSet register = new RegisterDocumentSet(); register.setSubmissionSet(set()); register.getDocumentEntries().add(alone); register.getAssociations().add(member("doc01"));
        say("ITI-42", send("iti42", register, Response.class, XdsCamelValidators.iti42ResponseValidator()), "");

        FindSubmissionSetsQuery sets = new FindSubmissionSetsQuery(); sets.setPatientId(PATIENT); sets.setStatus(List.of(AvailabilityStatus.APPROVED)); ask("FindSubmissionSets", sets, true);
        FindFoldersQuery folders = new FindFoldersQuery(); folders.setPatientId(PATIENT); folders.setStatus(List.of(AvailabilityStatus.APPROVED));
        Folder kept = ask("FindFolders", folders, true).getFolders().get(0);
        GetAllQuery all = new GetAllQuery(); all.setPatientId(PATIENT); all.setStatusDocuments(List.of(AvailabilityStatus.APPROVED, AvailabilityStatus.DEPRECATED)); all.setStatusFolders(List.of(AvailabilityStatus.APPROVED)); all.setStatusSubmissionSets(List.of(AvailabilityStatus.APPROVED)); ask("GetAll", all, true);
        GetDocumentsQuery docs = new GetDocumentsQuery(); docs.setUniqueIds(List.of(found.getUniqueId(), current.getUniqueId())); ask("GetDocuments", docs, true);
        GetFoldersQuery getFolders = new GetFoldersQuery(); getFolders.setUuids(List.of(kept.getEntryUuid())); ask("GetFolders", getFolders, true);
        GetAssociationsQuery links = new GetAssociationsQuery(); links.setUuids(List.of(current.getEntryUuid())); ask("GetAssociations", links, true);
        GetDocumentsAndAssociationsQuery both = new GetDocumentsAndAssociationsQuery(); both.setUuids(List.of(current.getEntryUuid())); ask("GetDocumentsAndAssociations", both, true);
        GetSubmissionSetsQuery bySets = new GetSubmissionSetsQuery(); bySets.setUuids(List.of(current.getEntryUuid())); ask("GetSubmissionSets", bySets, true);
        GetSubmissionSetAndContentsQuery contents = new GetSubmissionSetAndContentsQuery(); contents.setUniqueId(lot.getUniqueId()); ask("GetSubmissionSetAndContents", contents, true);
        GetFolderAndContentsQuery inFolder = new GetFolderAndContentsQuery(); inFolder.setUniqueId(box.getUniqueId()); ask("GetFolderAndContents", inFolder, true);
        GetFoldersForDocumentQuery forDocument = new GetFoldersForDocumentQuery(); forDocument.setUuid(current.getEntryUuid()); ask("GetFoldersForDocument", forDocument, true);
        GetRelatedDocumentsQuery related = new GetRelatedDocumentsQuery(); related.setUuid(current.getEntryUuid()); related.setAssociationTypes(List.of(AssociationType.REPLACE)); ask("GetRelatedDocuments", related, true);

        RegisterDocumentSet update = new RegisterDocumentSet(); update.setSubmissionSet(set());
        DocumentEntry changed = current; changed.setTitle(new LocalizedString("titre corrigé")); changed.setLogicalUuid(current.getLogicalUuid()); changed.setEntryUuid("doc01"); changed.setVersion(null);
        Association member = member("doc01"); member.setPreviousVersion("1");
        update.getDocumentEntries().add(changed); update.getAssociations().add(member);
        say("ITI-57", send("iti57", update, Response.class, XdsCamelValidators.iti57ResponseValidator()), "");
        ask("FindDocuments after ITI-57", find, true).getDocumentEntries().forEach(e -> System.out.println("  " + e.getTitle().getValue() + " v" + e.getVersion().getVersionName()));
        update.setSubmissionSet(set());
        say("ITI-57 stale", send("iti57", update, Response.class, XdsCamelValidators.iti57ResponseValidator()), "");
        FindDocumentsQuery nobody = new FindDocumentsQuery(); nobody.setPatientId(PATIENT); ask("FindDocuments without status", nobody, true);
        context.stop();
        System.exit(0);
    }
}
