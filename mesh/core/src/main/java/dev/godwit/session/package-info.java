/** Conversations that outlive connections: greeting, sessions, requests, and the answering side. */
@NullMarked
package dev.godwit.session;

import org.jspecify.annotations.NullMarked;
