/** Exceptions of the interpreter: declared, and not there. For syntax checks. */
#ifndef STAND_IN_JSUTILS_H
#define STAND_IN_JSUTILS_H
typedef enum { JSET_ERROR } JsExceptionType;
void jsExceptionHere(JsExceptionType type, const char *format, ...);
#endif
