/** The interpreter's roots: declared, and not there. For syntax checks. */
#ifndef STAND_IN_JSPARSE_H
#define STAND_IN_JSPARSE_H
#include "jsvar.h"
typedef struct {
  JsVar *hiddenRoot;
} JsExecInfo;
extern JsExecInfo execInfo;
#endif
