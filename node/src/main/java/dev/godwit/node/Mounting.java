package dev.godwit.node;

import dev.godwit.backend.Backend;
import dev.godwit.backend.FileBackend;
import dev.godwit.identity.NodeId;
import dev.godwit.identity.PrivateFile;
import dev.godwit.libc.NativeSparseFile;
import dev.godwit.log.DamagedLogException;
import dev.godwit.log.DurableNames;
import dev.godwit.log.ResourceBusyException;
import dev.godwit.mount.CacheJournal;
import dev.godwit.mount.DirectMount;
import dev.godwit.mount.ManagedMount;
import dev.godwit.mount.Mount;
import dev.godwit.mount.MountClient;
import dev.godwit.mount.MountClient.Access;
import dev.godwit.mount.MountClient.Opened;
import dev.godwit.mount.MountHost;
import dev.godwit.mount.MountId;
import dev.godwit.pullorder.ByteRange;
import dev.godwit.session.RemoteException;
import dev.godwit.session.Session;
import dev.godwit.session.SessionState;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A resource of another node that is in use here. */
public final class Mounting implements Closeable {
  /** The owner is awaited for as long as anyone may want; accesses have a timeout of their own. */
  private static final Duration AWAY = Duration.ofDays(30);

  private final Node node;
  private final Session session;
  private final PathKeeper keeper;
  private final Mount mount;
  private final @Nullable Cache cache;
  private final Opened opened;
  private final MountOptions options;
  private final Path folder;
  private final @Nullable PullBeforeOpening pull;
  private final OpenDevices devices = new OpenDevices();
  private final CompletableFuture<Boolean> gone = new CompletableFuture<>();
  private volatile boolean open;
  private final AtomicBoolean ended = new AtomicBoolean();

  /**
   * Where a managed mount keeps what it has.
   *
   * @param use whether the next mount finds it
   */
  private record Cache(
      Path file, StateFolder folder, Use use, Backend backend, CacheJournal journal)
      implements Closeable {
    enum Use {
      AGAIN,
      ONCE
    }

    @Override
    public void close() throws IOException {
      try (folder;
          journal) {
        backend.close();
      }
    }

    /** Closes it, and leaves nothing. */
    void delete() throws IOException {
      try (folder) {
        try (journal) {
          backend.close();
        }
        Files.deleteIfExists(file);
        folder.forget(StateFolder.Part.values());
      }
    }
  }

  private Mounting(
      Node node,
      MountOptions options,
      KeptSession kept,
      Mount mount,
      @Nullable Cache cache,
      Opened opened) {
    this.node = node;
    this.options = options;
    this.folder = node.home().mountDirectory();
    this.session = kept.session();
    this.keeper = kept.keeper();
    this.mount = mount;
    this.cache = cache;
    this.opened = opened;
    this.pull =
        cache != null
                && mount instanceof ManagedMount managed
                && options.settings().pull() == ManagedMount.Pull.FIRST
            ? new PullBeforeOpening(
                managed, session, options.name(), cache.file(), options.settings().timeout())
            : null;
  }

  /**
   * Looks for mistakes that can be seen on this machine alone, before anybody else is asked.
   *
   * @throws NodeException when the options make no sense here
   */
  public static void check(MountOptions options) throws IOException {
    for (Device device : options.devices()) {
      device.check();
    }
    if (options.cache().isPresent()) {
      Path cache = options.cache().get().toAbsolutePath();
      if (Files.isDirectory(cache)) {
        throw new NodeException(
            NodeException.Kind.FAILED, cache + " is a folder; name a file for the --cache.");
      }
      if (Files.exists(cache) && !Files.isRegularFile(cache)) {
        throw new NodeException(
            NodeException.Kind.FAILED, cache + " is no file; name a file for the --cache.");
      }
      LocalFiles.checkWritableFolder(cache.getParent());
      checkNoState(cache);
      if (!StateFolder.remembers(cache, StateFolder.Part.CACHE)) {
        checkNothing(cache);
      }
    }
  }

  static Mounting start(Node node, MountOptions options) throws IOException {
    check(options);
    KeptSession kept = node.session(options.name(), MountHost.protocol());
    try {
      Mounting mounting =
          switch (options.kind()) {
            case DIRECT -> direct(node, options, kept);
            case MANAGED -> managed(node, options, kept);
          };
      mounting.session.tolerate(AWAY);
      if (mounting.pull == null) {
        mounting.open();
      }
      return mounting;
    } catch (IOException e) {
      kept.session().close();
      throw explained(e, options);
    }
  }

  private static IOException explained(IOException e, MountOptions options) {
    if (!(e instanceof RemoteException refused)) {
      return e;
    }
    ResourceName name = options.name();
    return switch (refused.code()) {
      case NOT_ALLOWED, NOT_A_MEMBER ->
          new NodeException(
              NodeException.Kind.NOT_ALLOWED,
              name.node() + " refuses: " + refused.getMessage() + ".",
              e);
      case BUSY ->
          new NodeException(
              NodeException.Kind.FAILED,
              name + " cannot be written: " + refused.getMessage() + ". Mount it with --read-only.",
              e);
      case CONFLICT ->
          new NodeException(
              NodeException.Kind.FAILED,
              name
                  + " does not match what an earlier mount left here: "
                  + refused.getMessage()
                  + ". To begin anew, give another --cache, or delete that one.",
              e);
      default ->
          new NodeException(
              NodeException.Kind.FAILED,
              name.node() + " refuses: " + refused.getMessage() + ".",
              e);
    };
  }

  private static Mounting direct(Node node, MountOptions options, KeptSession kept)
      throws IOException {
    node.reaching();
    kept.session().start();
    node.asking(options.name());
    MountClient client = new MountClient(kept.session());
    Opened opened = client.open(MountId.random(node.random()), options.access(), 0, false);
    return new Mounting(
        node,
        options,
        kept,
        new DirectMount(
            kept.session(),
            client,
            options.access(),
            opened,
            options.settings().timeout(),
            options.settings().follow()),
        null,
        opened);
  }

  private static Mounting managed(Node node, MountOptions options, KeptSession kept)
      throws IOException {
    Path file = cacheFile(node, options);
    StateFolder folder = open(file, options.name());
    CacheJournal journal = null;
    try {
      journal = journal(folder, file);
      CacheJournal.@Nullable Origin before = journal.origin();
      checkCache(file, before, kept.peer(), node, options.name());
      if (options.access() == Access.READ && !journal.unsaved().isEmpty()) {
        throw new NodeException(
            NodeException.Kind.FAILED,
            file
                + " holds bytes that are not saved; mount it to be written first, or give another"
                + " --cache.");
      }
      node.reaching();
      kept.session().start();
      node.asking(options.name());
      MountClient client = new MountClient(kept.session());
      MountId id = before == null ? MountId.random(node.random()) : before.mount();
      Opened opened =
          client.open(
              id,
              options.access(),
              before == null ? 0 : before.generation(),
              !journal.unsaved().isEmpty());
      Cache cache =
          new Cache(
              file,
              folder,
              options.cache().isPresent() ? Cache.Use.AGAIN : Cache.Use.ONCE,
              backend(file, before, opened, options),
              journal);
      return managed(node, options, kept, client, opened, cache, id);
    } catch (IOException e) {
      if (journal != null) {
        journal.close();
      }
      folder.close();
      throw e;
    }
  }

  private static Mounting managed(
      Node node,
      MountOptions options,
      KeptSession kept,
      MountClient client,
      Opened opened,
      Cache cache,
      MountId id)
      throws IOException {
    try {
      // It may have another name, under which it could be offered or replaced.
      cache.folder().hold(cache.file());
      ManagedMount mount =
          new ManagedMount(
              kept.session(),
              client,
              options.access(),
              opened,
              cache.backend(),
              cache.journal(),
              new CacheJournal.Origin(
                  id,
                  kept.peer(),
                  options.name().resource(),
                  opened.geometry(),
                  opened.generation()),
              options.settings());
      return new Mounting(node, options, kept, mount.start(), cache, opened);
    } catch (IOException e) {
      cache.backend().close();
      throw e;
    }
  }

  private static CacheJournal journal(StateFolder folder, Path cache) throws IOException {
    try {
      return new CacheJournal(folder.log(StateFolder.Part.CACHE));
    } catch (DamagedLogException e) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          e.getMessage()
              + ", so which bytes of "
              + cache
              + " are not saved yet cannot be known. To begin anew without them, give another"
              + " --cache, or delete it with its folder "
              + StateFolder.of(cache).getFileName()
              + ".",
          e);
    }
  }

  private static StateFolder open(Path cache, ResourceName name) throws IOException {
    try {
      return StateFolder.open(cache);
    } catch (ResourceBusyException e) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          name
              + " is mounted here already; 'godwit mount --list' shows where. Another mount of it"
              + " has to be --read-only, or --direct.",
          e);
    }
  }

  private static Path cacheFile(Node node, MountOptions options) throws IOException {
    if (options.cache().isPresent()) {
      return LocalFiles.real(options.cache().get());
    }
    Path folder = PrivateFile.closedDirectory(node.home().mountDirectory());
    String name =
        switch (options.access()) {
          // The next mount has to find what this one could not save.
          case WRITE -> options.name().node() + "+" + options.name().resource();
          case READ ->
              options.name().node()
                  + "+"
                  + options.name().resource()
                  + "+"
                  + ProcessHandle.current().pid();
        };
    return folder.resolve(name.replaceAll("[^A-Za-z0-9._+-]", "_") + ".cache");
  }

  private static void checkCache(
      Path file, CacheJournal.@Nullable Origin before, NodeId owner, Node node, ResourceName name)
      throws NodeException {
    checkNoState(file);
    if (before == null) {
      checkNothing(file);
      return;
    }
    if (!before.owner().equals(owner) || !before.resource().equals(name.resource())) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          file
              + " is the cache of '"
              + before.resource()
              + "' of "
              + node.nameOf(before.owner())
              + ". Give another --cache.");
    }
  }

  private static void checkNoState(Path cache) throws NodeException {
    if (StateFolder.remembers(cache, StateFolder.Part.JOURNAL)) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          cache
              + " is a state that was moved here, and no cache of a mount. Give another --cache.");
    }
  }

  private static void checkNothing(Path cache) throws NodeException {
    if (Files.exists(cache)) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          cache + " is there already and is no cache of a mount. Give another --cache.");
    }
  }

  private static Backend backend(
      Path file, CacheJournal.@Nullable Origin before, Opened opened, MountOptions options)
      throws IOException {
    long size = opened.geometry().size();
    if (before != null && Files.exists(file)) {
      if (!before.geometry().equals(opened.geometry()) || Files.size(file) != size) {
        throw new NodeException(
            NodeException.Kind.FAILED,
            file
                + " is a cache of "
                + Files.size(file)
                + " bytes, but "
                + options.name()
                + " has "
                + size
                + ". Give another --cache, or delete that one.");
      }
      return FileBackend.open(file, NativeSparseFile.opener());
    }
    if (before != null) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          file
              + " is gone, but its journal is there. Bring it back, or delete "
              + StateFolder.of(file).getFileName()
              + ".");
    }
    Backend made = FileBackend.create(file, size, NativeSparseFile.opener());
    DurableNames.force(file);
    return made;
  }

  /**
   * Waits until the devices are there. With {@link ManagedMount.Pull#FIRST} this opens them, as
   * soon as everything is here; else they are there from the start. For the thread that ends the
   * mount.
   *
   * @param limit how long to wait for what is not here; may be called again when it is over
   * @return whether they are there
   * @throws NodeException when nothing has come for the timeout of the settings, or nothing more
   *     will; the mount is still to be ended
   * @throws IOException when a device cannot be opened; the mount has ended then
   */
  public boolean awaitOpen(Duration limit) throws IOException {
    if (!open && !ended.get() && (pull == null || pull.await(limit))) {
      open();
    }
    return open;
  }

  private void open() throws IOException {
    mount.onChange(blocks -> devices.changed(blocks, opened.geometry()));
    try {
      devices.open(options.devices(), this::open);
      open = true;
    } catch (IOException e) {
      try {
        close();
      } catch (IOException also) {
        e.addSuppressed(also);
      }
      throw e;
    }
  }

  private OpenDevice open(Device device) throws IOException {
    OpenDevice open =
        device.open(
            options.name().resource(),
            mount.device(),
            switch (options.access()) {
              case READ -> Device.Access.READ;
              case WRITE -> Device.Access.WRITE;
            },
            folder);
    var _ = open.gone().thenAccept(gone::complete);
    return open;
  }

  /** What local programs touch; for programs in this process. */
  public Backend device() {
    return mount.device();
  }

  /**
   * Where programs find the devices, in the order in which they were asked for. When they are not
   * there yet, or not any more: where they were asked for.
   */
  public List<String> places() {
    List<String> places = devices.places();
    return places.isEmpty() ? options.devices().stream().map(DevicePlace::of).toList() : places;
  }

  /** Whether the devices are there, or have been. */
  public boolean isOpen() {
    return open;
  }

  /** Completes when somebody has taken a device away, as {@code umount} does. */
  public CompletableFuture<Boolean> gone() {
    return gone.copy();
  }

  /** Bytes in the resource. */
  public long size() {
    return opened.geometry().size();
  }

  /** Bytes that were written here and that the owner has not made durable yet. */
  public long unsavedBytes() {
    return mount.unsavedBytes();
  }

  /** Where those bytes are, in order. */
  public List<ByteRange> unsaved() {
    return mount.unsaved();
  }

  /** Bytes that are not here. */
  public long missingBytes() {
    return mount.missingBytes();
  }

  /** Why what was written cannot be saved now; null when it can. */
  public @Nullable String problem() {
    return mount.problem();
  }

  /** Why what was fetched cannot be kept in the cache now; null when it can. */
  public @Nullable String cacheProblem() {
    return mount.cacheProblem();
  }

  /** Why it cannot be written any more; null while it can. */
  public @Nullable String lost() {
    return mount.lost();
  }

  /** The way to the owner. */
  public SessionState path() {
    return session.state();
  }

  /** How the owner is reached now; null when it is not. */
  public @Nullable PathView reached() {
    return keeper.view();
  }

  /** Calls {@code listener} when the way to the owner changes. */
  public void onPath(Consumer<SessionState> listener) {
    session.onChange(listener);
  }

  /**
   * Ends the mount in order: its devices go, and what was written is brought to the owner, also
   * when a device cannot be closed.
   *
   * @param limit how long to wait for the owner
   * @return how many bytes could not be saved; they are in {@link #cacheFile}, and the next mount
   *     with it saves them
   * @throws IOException when the devices or the cache fail
   */
  public long end(Duration limit) throws IOException {
    if (ended.getAndSet(true)) {
      return 0;
    }
    node.forget(this);
    @Nullable IOException device = closeDevices();
    session.tolerate(limit);
    long unsaved = endMount(limit, device);
    if (device == null) {
      return unsaved;
    }
    throw unsaved == 0
        ? device
        : new NodeException(
            NodeException.Kind.NOT_SAVED,
            unsaved + " bytes could not be saved, and " + device.getMessage() + ".",
            device);
  }

  /** Why a device could not be closed; null when all are. */
  private @Nullable IOException closeDevices() {
    try {
      devices.close();
      return null;
    } catch (IOException e) {
      return e;
    }
  }

  private long endMount(Duration limit, @Nullable IOException device) throws IOException {
    // Unless all goes well, the cache stays.
    long unsaved = Long.MAX_VALUE;
    try (session) {
      unsaved = mount.end(limit);
    } catch (IOException e) {
      if (device != null) {
        e.addSuppressed(device);
      }
      throw new NodeException(
          NodeException.Kind.NOT_SAVED,
          "What was written last may not be saved: " + e.getMessage() + ".",
          e);
    } finally {
      if (cache != null) {
        if (cache.use() == Cache.Use.ONCE && unsaved == 0) {
          cache.delete();
        } else {
          cache.close();
        }
      }
    }
    return unsaved;
  }

  /** Where unsaved bytes are; null for a direct mount. */
  public @Nullable Path cacheFile() {
    return cache == null ? null : cache.file();
  }

  /** As {@link #end}, without waiting for the owner. */
  @Override
  public void close() throws IOException {
    long _ = end(Duration.ZERO);
  }
}
