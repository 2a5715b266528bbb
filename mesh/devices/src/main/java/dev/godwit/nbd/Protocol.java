package dev.godwit.nbd;

/**
 * Numbers of the NBD protocol, as in {@code doc/proto.md} of the NBD project. All fields are big
 * endian.
 */
final class Protocol {
  static final long NBD_MAGIC = 0x4e42444d41474943L;
  static final long OPTION_MAGIC = 0x49484156454f5054L;
  static final long OPTION_REPLY_MAGIC = 0x3e889045565a9L;
  static final int REQUEST_MAGIC = 0x25609513;
  static final int SIMPLE_REPLY_MAGIC = 0x67446698;
  static final int STRUCTURED_REPLY_MAGIC = 0x668e33ef;

  static final int REQUEST_BYTES = 28;
  static final int SIMPLE_REPLY_BYTES = 16;
  static final int CHUNK_HEADER_BYTES = 20;

  /** The longest name, description or error message, bytes. */
  static final int MAX_STRING = 4096;

  /** Handshake flags of the server and of the client (the same bits mean the same). */
  static final int FIXED_NEWSTYLE = 1;

  static final int NO_ZEROES = 1 << 1;

  /** Transmission flags. */
  static final int HAS_FLAGS = 1;

  static final int READ_ONLY = 1 << 1;
  static final int SEND_FLUSH = 1 << 2;
  static final int SEND_FUA = 1 << 3;
  static final int SEND_TRIM = 1 << 5;
  static final int SEND_WRITE_ZEROES = 1 << 6;
  static final int SEND_DF = 1 << 7;
  static final int CAN_MULTI_CONN = 1 << 8;
  static final int SEND_CACHE = 1 << 10;
  static final int SEND_FAST_ZERO = 1 << 11;

  static final int OPT_EXPORT_NAME = 1;
  static final int OPT_ABORT = 2;
  static final int OPT_LIST = 3;
  static final int OPT_STARTTLS = 5;
  static final int OPT_INFO = 6;
  static final int OPT_GO = 7;
  static final int OPT_STRUCTURED_REPLY = 8;
  static final int OPT_LIST_META_CONTEXT = 9;
  static final int OPT_SET_META_CONTEXT = 10;
  static final int OPT_EXTENDED_HEADERS = 11;

  static final int REP_ACK = 1;
  static final int REP_SERVER = 2;
  static final int REP_INFO = 3;
  static final int REP_META_CONTEXT = 4;
  static final int REP_ERROR_BIT = 1 << 31;
  static final int REP_ERR_UNSUP = REP_ERROR_BIT | 1;
  static final int REP_ERR_POLICY = REP_ERROR_BIT | 2;
  static final int REP_ERR_INVALID = REP_ERROR_BIT | 3;
  static final int REP_ERR_TLS_REQD = REP_ERROR_BIT | 5;
  static final int REP_ERR_UNKNOWN = REP_ERROR_BIT | 6;
  static final int REP_ERR_BLOCK_SIZE_REQD = REP_ERROR_BIT | 8;
  static final int REP_ERR_TOO_BIG = REP_ERROR_BIT | 9;

  static final int INFO_EXPORT = 0;
  static final int INFO_NAME = 1;
  static final int INFO_DESCRIPTION = 2;
  static final int INFO_BLOCK_SIZE = 3;

  static final int CMD_READ = 0;
  static final int CMD_WRITE = 1;
  static final int CMD_DISC = 2;
  static final int CMD_FLUSH = 3;
  static final int CMD_TRIM = 4;
  static final int CMD_CACHE = 5;
  static final int CMD_WRITE_ZEROES = 6;
  static final int CMD_BLOCK_STATUS = 7;

  static final int FLAG_FUA = 1;
  static final int FLAG_NO_HOLE = 1 << 1;
  static final int FLAG_DF = 1 << 2;
  static final int FLAG_REQ_ONE = 1 << 3;
  static final int FLAG_FAST_ZERO = 1 << 4;

  static final int REPLY_FLAG_DONE = 1;
  static final int REPLY_NONE = 0;
  static final int REPLY_OFFSET_DATA = 1;
  static final int REPLY_OFFSET_HOLE = 2;
  static final int REPLY_BLOCK_STATUS = 5;
  static final int REPLY_ERROR_BIT = 1 << 15;
  static final int REPLY_ERROR = REPLY_ERROR_BIT | 1;
  static final int REPLY_ERROR_OFFSET = REPLY_ERROR_BIT | 2;

  static final String BASE_ALLOCATION = "base:allocation";
  static final int ALLOCATION_CONTEXT_ID = 1;
  static final int STATE_HOLE = 1;
  static final int STATE_ZERO = 1 << 1;

  private Protocol() {}

  /** The command's name in the specification, for messages. */
  static String commandName(int type) {
    return switch (type) {
      case CMD_READ -> "READ";
      case CMD_WRITE -> "WRITE";
      case CMD_DISC -> "DISC";
      case CMD_FLUSH -> "FLUSH";
      case CMD_TRIM -> "TRIM";
      case CMD_CACHE -> "CACHE";
      case CMD_WRITE_ZEROES -> "WRITE_ZEROES";
      case CMD_BLOCK_STATUS -> "BLOCK_STATUS";
      default -> "command " + type;
    };
  }
}
