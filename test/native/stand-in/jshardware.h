/** What the library takes from Espruino's hardware layer, for compiling it alone. Written for these tests; nothing of Espruino's is copied. */
#ifndef STAND_IN_JSHARDWARE_H
#define STAND_IN_JSHARDWARE_H
void jshHadEvent(void);
#endif
