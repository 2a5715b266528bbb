package dev.godwit.stream;

import dev.godwit.identity.Identity;

class MemoryTransportTest extends TransportConformance {
  private final MemoryTransport.Network network = new MemoryTransport.Network();

  @Override
  protected Transport transport(Identity identity) {
    return new MemoryTransport(identity.id(), network);
  }

  @Override
  protected Reach reach() {
    return Reach.ONE_PROCESS;
  }
}
