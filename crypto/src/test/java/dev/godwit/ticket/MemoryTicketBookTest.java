package dev.godwit.ticket;

class MemoryTicketBookTest extends TicketBookContract {

  private final TicketBook book = new MemoryTicketBook();

  @Override
  TicketBook book() {
    return book;
  }
}
