package dev.godwit.node;

import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.identity.PrivateFile;
import dev.godwit.libc.ExclusiveLock;
import dev.godwit.log.DurableNames;
import dev.godwit.membership.Membership;
import dev.godwit.membership.MembershipException;
import dev.godwit.membership.MeshId;
import dev.godwit.membership.MeshKey;
import dev.godwit.membership.Revocations;
import dev.godwit.ticket.FileTicketBook;
import dev.godwit.ticket.TicketBook;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder where a node keeps its keys and what it knows of its mesh. Readable by its owner only.
 * Several processes may use it at once: every file is replaced as a whole.
 */
public final class NodeHome {
  private static final Logger LOG = LoggerFactory.getLogger(NodeHome.class);

  /** What can be done about any folder that will not do. */
  private static final String ANOTHER =
      "--home or GODWIT_HOME name another folder for this node's keys.";

  /** One empty file for each node that is known. */
  private static final String KNOWN = "known";

  private final Path directory;
  private final SecureRandom random;

  /** A home in {@code directory}, which is made when something is stored in it. */
  public NodeHome(Path directory, SecureRandom random) {
    this.directory = directory.toAbsolutePath().normalize();
    this.random = random;
  }

  /** The folder. */
  public Path directory() {
    return directory;
  }

  /**
   * This node's identity; made at first use, but never beside what belongs to another one.
   *
   * @throws IOException when it cannot be read, or others could read it
   */
  public Identity identity() throws IOException {
    Path file = directory.resolve("identity.pem");
    if (isMember() && !Files.exists(file)) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          file
              + " is missing: the key of this node, without which nobody takes it for the member that"
              + " it is. Bring it back from a backup. Or delete mesh.properties there, and join as a"
              + " new node.");
    }
    prepare();
    return Identity.loadOrCreate(file, random);
  }

  /** Whether this node has a key already. */
  public boolean hasIdentity() {
    return Files.exists(directory.resolve("identity.pem"));
  }

  /** Where running processes of this node can be asked for their status. */
  Path runDirectory() {
    return directory.resolve("run");
  }

  /** Beside what here lies what is remembered of disks. */
  Path diskDirectory() {
    return directory.resolve("disks");
  }

  /** Which file each unfinished move to this node goes into. */
  RememberedMoves moves() {
    return new RememberedMoves(directory.resolve("moves"));
  }

  /** Where mounts keep what they have, unless told otherwise. */
  Path mountDirectory() {
    return directory.resolve("mounts");
  }

  /** Where a hub of this user keeps its certificate unless told otherwise. */
  public Path hubDirectory() {
    return directory.resolve("hub");
  }

  /**
   * Passes when this user can look into the folder, or when there is none yet. What may not be seen
   * would be taken for nothing.
   *
   * @throws IOException when it is no folder, or closed to this user
   */
  public void checkReadable() throws IOException {
    try {
      if (!Files.readAttributes(directory, BasicFileAttributes.class).isDirectory()) {
        throw new FileSystemException(
            directory.toString(), null, "it is a file where a folder has to be");
      }
    } catch (NoSuchFileException e) {
      LOG.trace("{} is made when it is needed", directory, e);
      return;
    } catch (AccessDeniedException e) {
      throw closed(e);
    }
    if (!Files.isReadable(directory) || !Files.isExecutable(directory)) {
      throw closed(new AccessDeniedException(directory.toString()));
    }
  }

  private NodeException closed(AccessDeniedException cause) {
    return new NodeException(
        NodeException.Kind.FAILED,
        "The folder of this node, "
            + directory
            + ", may not be read by this user. Look at its owner and its rights ('ls -ld'), or be"
            + " another user. "
            + ANOTHER,
        cause);
  }

  private void prepare() throws IOException {
    if (Files.isDirectory(directory)) {
      return;
    }
    try {
      PrivateFile.createDirectory(directory);
    } catch (FileSystemException e) {
      throw new NodeException(
          NodeException.Kind.FAILED, FileTrouble.sentence(e) + " " + ANOTHER, e);
    }
  }

  /**
   * The mesh that this node belongs to.
   *
   * @throws NodeException when it belongs to none
   */
  public MeshInfo mesh() throws IOException {
    Path file = directory.resolve("mesh.properties");
    if (!Files.exists(file)) {
      throw new NodeException(
          NodeException.Kind.NOT_ALLOWED,
          "This node is in no mesh yet. Join one with 'godwit mesh join', or make one with"
              + " 'godwit mesh create NAME --hub ADDRESS'.");
    }
    try {
      return MeshInfo.parse(Files.readAllBytes(file));
    } catch (FileSystemException e) {
      throw e;
    } catch (IOException e) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          Explanation.afterColons(file + " cannot be read: " + e.getMessage()),
          e);
    }
  }

  /** Whether this node belongs to a mesh. */
  public boolean isMember() {
    return Files.exists(directory.resolve("mesh.properties"));
  }

  /**
   * This node's certificate.
   *
   * @throws IOException when there is none or it is damaged
   */
  public Membership membership() throws IOException {
    Path file = directory.resolve("membership.der");
    try {
      return Membership.parse(Files.readAllBytes(file));
    } catch (MembershipException e) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          Explanation.afterColons(file + " is damaged: " + e.getMessage()),
          e);
    }
  }

  /**
   * Takes up membership in a mesh. What was known of another mesh is forgotten, but never a mesh's
   * key: it may be the only copy.
   */
  public void enter(MeshInfo mesh, Membership membership) throws IOException {
    prepare();
    if (isMember() && !mesh().id().equals(mesh.id())) {
      Files.deleteIfExists(directory.resolve("revocations.der"));
      forgetKnown();
    }
    replace("membership.der", membership.encoded());
    replace("mesh.properties", mesh.encoded());
  }

  /** Makes the key of a new mesh. */
  public MeshKey createMeshKey() throws IOException {
    prepare();
    Path file = directory.resolve("mesh.key");
    if (Files.exists(file)) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          "This node has made a mesh already (" + file + "); use another --home for a second one.");
    }
    return MeshKey.loadOrCreate(file, random);
  }

  /** The mesh's key, on the node that made the mesh. */
  public Optional<MeshKey> meshKey() throws IOException {
    Path file = directory.resolve("mesh.key");
    return Files.exists(file) ? Optional.of(MeshKey.load(file)) : Optional.empty();
  }

  /** The tickets that this node has issued. */
  public TicketBook tickets() throws IOException {
    prepare();
    return new FileTicketBook(directory.resolve("tickets"));
  }

  /** The newest revocations that this node knows of. */
  public Revocations revocations(MeshId mesh) throws IOException {
    Path file = directory.resolve("revocations.der");
    if (!Files.exists(file)) {
      return Revocations.none(mesh);
    }
    try {
      return Revocations.parse(Files.readAllBytes(file));
    } catch (MembershipException e) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          Explanation.afterColons(file + " is damaged: " + e.getMessage()),
          e);
    }
  }

  /** When revocations were stored last; empty when they never were. */
  Optional<FileTime> revocationsTime() throws IOException {
    try {
      return Optional.of(Files.getLastModifiedTime(directory.resolve("revocations.der")));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /**
   * Stores revocations, unless another process has stored a newer list.
   *
   * @throws IOException when that is not possible
   */
  public void keep(Revocations revocations) throws IOException {
    prepare();
    Path lock = directory.resolve("revocations.lock");
    try {
      Files.createFile(
          lock, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    } catch (FileAlreadyExistsException e) {
      LOG.trace("{} is there", lock, e);
    }
    try (ExclusiveLock _ =
        ExclusiveLock.hold(lock)
            .orElseThrow(
                () -> new NodeException(NodeException.Kind.FAILED, lock + " is held too long."))) {
      if (revocations(revocations.mesh()).version() < revocations.version()) {
        replace("revocations.der", revocations.encoded());
      }
    }
  }

  /** Remembers a member that this node, which made the mesh, has admitted. */
  void admitted(Membership membership) throws IOException {
    Path members = directory.resolve("members");
    var _ = PrivateFile.closedDirectory(members);
    replace("members/" + fileName(membership.node()), membership.encoded());
  }

  /** Remembers that a node has proved to be a member of the mesh. */
  void know(NodeId member) throws IOException {
    Path known = PrivateFile.closedDirectory(directory.resolve(KNOWN));
    try {
      var _ = Files.createFile(known.resolve(member.toString()));
    } catch (FileAlreadyExistsException e) {
      LOG.trace("{} is known", member, e);
    }
  }

  /** Those who have proved to be members, and those whom this node has admitted. */
  Set<NodeId> knownMembers() throws IOException {
    Set<NodeId> nodes = new HashSet<>();
    for (String folder : List.of("members", KNOWN)) {
      Path place = directory.resolve(folder);
      if (Files.isDirectory(place)) {
        try (Stream<Path> files = Files.list(place)) {
          files.map(file -> file.getFileName().toString()).forEach(name -> addNode(nodes, name));
        }
      }
    }
    return nodes;
  }

  private static void addNode(Set<NodeId> nodes, String fileName) {
    try {
      nodes.add(NodeId.parse(fileName.replace(".der", "")));
    } catch (IllegalArgumentException e) {
      LOG.trace("{} is the name of no node", fileName, e);
    }
  }

  private void forgetKnown() throws IOException {
    for (NodeId node : knownMembers()) {
      Files.deleteIfExists(directory.resolve(KNOWN).resolve(node.toString()));
    }
  }

  private static String fileName(NodeId node) {
    return node.toString() + ".der";
  }

  /** The members that this node, which made the mesh, has admitted; of each its newest. */
  public List<Membership> members() throws IOException {
    Path members = directory.resolve("members");
    if (!Files.isDirectory(members)) {
      return List.of();
    }
    List<Membership> list = new ArrayList<>();
    try (Stream<Path> files = Files.list(members)) {
      for (Path file : files.sorted().toList()) {
        @Nullable Membership membership = read(file);
        if (membership != null) {
          list.add(membership);
        }
      }
    }
    return list;
  }

  private static @Nullable Membership read(Path file) throws IOException {
    try {
      return Membership.parse(Files.readAllBytes(file));
    } catch (MembershipException e) {
      LOG.warn("{} is damaged: {}", file, e.getMessage());
      return null;
    }
  }

  private void replace(String name, byte[] contents) throws IOException {
    Path file = directory.resolve(name);
    Path fresh =
        Files.createTempFile(
            file.getParent(),
            ".new",
            "",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try {
      try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
        ByteBuffer rest = ByteBuffer.wrap(contents);
        while (rest.hasRemaining()) {
          channel.write(rest);
        }
        channel.force(true);
      }
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      DurableNames.force(file);
    } finally {
      Files.deleteIfExists(fresh);
    }
  }
}
