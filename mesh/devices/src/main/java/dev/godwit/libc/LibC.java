package dev.godwit.libc;

import jnr.ffi.annotations.In;
import jnr.ffi.annotations.Out;
import jnr.ffi.annotations.Variadic;

/**
 * The few functions of the Linux C library that are needed. After a result of -1 the error number
 * is in {@code LastError}. See the manual pages of the same names.
 */
public interface LibC {
  /** open(2): read. */
  int O_RDONLY = 0;

  /** open(2): read and write. */
  int O_RDWR = 2;

  /** open(2): not inherited by child processes. */
  int O_CLOEXEC = 0x80000;

  /** flock(2): nobody else may have it. */
  int LOCK_EX = 2;

  /** flock(2): does not wait. */
  int LOCK_NB = 4;

  /** lseek(2): to the next data. */
  int SEEK_DATA = 3;

  /** lseek(2): to the next hole. */
  int SEEK_HOLE = 4;

  /** fallocate(2): the file's size stays as it is. */
  int FALLOC_FL_KEEP_SIZE = 1;

  /** fallocate(2): releases the range. */
  int FALLOC_FL_PUNCH_HOLE = 2;

  /** mount(2): no changes. */
  int MS_RDONLY = 1;

  /** mount(2): programs in it get no rights of their owner. */
  int MS_NOSUID = 2;

  /** mount(2): devices in it cannot be opened. */
  int MS_NODEV = 4;

  /** umount2(2): ends the file system's connection first, so that nothing waits for it. */
  int MNT_FORCE = 1;

  /** umount2(2): out of sight at once, gone with the last one that uses it. */
  int MNT_DETACH = 2;

  /** unix(7). */
  int AF_UNIX = 1;

  /** ip(7). */
  int AF_INET = 2;

  /** ipv6(7). */
  int AF_INET6 = 10;

  /** netlink(7). */
  int AF_NETLINK = 16;

  /** socket(2). */
  int SOCK_STREAM = 1;

  /** socket(2): not inherited by child processes. */
  int SOCK_CLOEXEC = 0x80000;

  /** socket(2). */
  int SOCK_RAW = 3;

  /** socket(7): options of every socket. */
  int SOL_SOCKET = 1;

  /** socket(7): how long a receiving call waits, a {@code struct timeval}. */
  int SO_RCVTIMEO = 20;

  /** socket(7): how long a sending call and connect(2) wait, a {@code struct timeval}. */
  int SO_SNDTIMEO = 21;

  /** socket(7): notices a peer that is gone without a word. */
  int SO_KEEPALIVE = 9;

  /** tcp(7): options of TCP. */
  int IPPROTO_TCP = 6;

  /** tcp(7): sends small pieces at once. */
  int TCP_NODELAY = 1;

  /** shutdown(2): both directions. */
  int SHUT_RDWR = 2;

  /** send(2): no signal when the other side is gone. */
  int MSG_NOSIGNAL = 0x4000;

  /** poll(2): an error, or the connection is over; always looked for. */
  int POLLERR = 8;

  /** poll(2): both directions have ended; always looked for. */
  int POLLHUP = 0x10;

  /** poll(2): the peer sends nothing any more. */
  int POLLRDHUP = 0x2000;

  /** open(2): of a block device, fails with {@link #EBUSY} when it is mounted or the like. */
  int O_EXCL = 0x80;

  /** recv(2): fails with {@link #EAGAIN} instead of waiting. */
  int MSG_DONTWAIT = 0x40;

  /** recvmsg(2): received descriptors are not inherited by child processes. */
  int MSG_CMSG_CLOEXEC = 0x40000000;

  /** waitpid(2): does not wait. */
  int WNOHANG = 1;

  /** signal(7). */
  int SIGKILL = 9;

  /** Not permitted. */
  int EPERM = 1;

  /** No such file; of /dev/fuse, the request is gone. */
  int ENOENT = 2;

  /** The call was interrupted by a signal. */
  int EINTR = 4;

  /** No such offset, for lseek(2). */
  int ENXIO = 6;

  /** Nothing there yet. */
  int EAGAIN = 11;

  /** Not allowed. */
  int EACCES = 13;

  /** In use. */
  int EBUSY = 16;

  /** No such operation on this device. */
  int ENODEV = 19;

  /** Not a valid argument for this file. */
  int EINVAL = 22;

  /** No such system call. */
  int ENOSYS = 38;

  /** No locks are left, or the file system has none. */
  int ENOLCK = 37;

  /** Not supported by this file system. */
  int EOPNOTSUPP = 95;

  /** Whoever was on the other side has ended the connection. */
  int ECONNABORTED = 103;

  /** Not connected. */
  int ENOTCONN = 107;

  /** The connection is being made still. */
  int EINPROGRESS = 115;

  /** The C library of this process, bound when it is asked for first. */
  static LibC load() {
    return LoadedLibC.INSTANCE;
  }

  /** open(2) of a file that exists. */
  @Variadic(fixedCount = 2)
  int open(CharSequence path, int flags);

  /** sched(7): runs only when nobody else wants to. */
  int SCHED_IDLE = 5;

  /** sched_setscheduler(2) of one thread; {@code priority} is a {@code struct sched_param}. */
  int sched_setscheduler(int thread, int policy, @In int[] priority);

  /** flock(2). */
  int flock(int fd, int operation);

  /** close(2). */
  int close(int fd);

  /** lseek(2) with 64-bit offsets. */
  long lseek64(int fd, long offset, int whence);

  /** strerror(3): the text of an error number. */
  String strerror(int error);

  /** fallocate(2) with 64-bit offsets. */
  int fallocate64(int fd, int mode, long offset, long length);

  /** read(2) into memory at an address; bytes. */
  long read(int fd, long address, long count);

  /** write(2) from memory at an address; bytes. */
  long write(int fd, long address, long count);

  /** ioctl(2) whose argument is a number or an address. */
  @Variadic(fixedCount = 2)
  int ioctl(int fd, long request, long argument);

  /** mount(2) with options as text. */
  int mount(
      CharSequence source, CharSequence target, CharSequence type, long flags, CharSequence data);

  /** statfs(2); {@code status} takes a {@code struct statfs}, which has 120 bytes or less. */
  int statfs(CharSequence path, @Out byte[] status);

  /** umount2(2). */
  int umount2(CharSequence target, int flags);

  /** geteuid(2). */
  int geteuid();

  /** getegid(2). */
  int getegid();

  /** socketpair(2). */
  int socketpair(int domain, int type, int protocol, @Out int[] pair);

  /** socket(2). */
  int socket(int domain, int type, int protocol);

  /** connect(2) to a {@code struct sockaddr}. */
  int connect(int fd, @In byte[] address, int length);

  /** shutdown(2). */
  int shutdown(int fd, int how);

  /** send(2) from memory at an address; bytes. */
  long send(int fd, long address, long count, int flags);

  /** recv(2) into memory at an address; bytes. */
  long recv(int fd, long address, long count, int flags);

  /** setsockopt(2). */
  int setsockopt(int fd, int level, int option, @In byte[] value, int length);

  /** getsockopt(2). */
  int getsockopt(int fd, int level, int option, @Out byte[] value, @In @Out int[] length);

  /** poll(2) of an array of {@code struct pollfd} at an address. */
  int poll(long descriptors, long count, int millis);

  /** fsync(2). */
  int fsync(int fd);

  /** recvmsg(2) with the address of a {@code struct msghdr}. */
  long recvmsg(int fd, long message, int flags);

  /** posix_spawn(3), everything by address; the result is 0 or an error number. */
  int posix_spawnp(
      @Out int[] pid,
      CharSequence file,
      long actions,
      long attributes,
      long arguments,
      long environment);

  /** posix_spawn_file_actions_init(3): 0 or an error number. */
  int posix_spawn_file_actions_init(long actions);

  /** posix_spawn_file_actions_adddup2(3): 0 or an error number. */
  int posix_spawn_file_actions_adddup2(long actions, int fd, int as);

  /** posix_spawn_file_actions_addopen(3): 0 or an error number. */
  int posix_spawn_file_actions_addopen(
      long actions, int fd, CharSequence path, int flags, int mode);

  /** posix_spawn_file_actions_destroy(3): 0 or an error number. */
  int posix_spawn_file_actions_destroy(long actions);

  /** waitpid(2) of one child. */
  int waitpid(int pid, @Out int[] status, int options);

  /** kill(2). */
  int kill(int pid, int signal);
}
