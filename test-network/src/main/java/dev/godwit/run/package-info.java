/** Long runs over a virtual internet, with real processes: the command {@code test-network/run}. */
@NullMarked
package dev.godwit.run;

import org.jspecify.annotations.NullMarked;
