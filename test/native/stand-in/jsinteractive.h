/** The interpreter's queue of calls: declared, and not there. For syntax checks. */
#ifndef STAND_IN_JSINTERACTIVE_H
#define STAND_IN_JSINTERACTIVE_H
#include "jsvar.h"
void jsiQueueEvents(JsVar *object, JsVar *callback, JsVar **arguments, int count);
#endif
