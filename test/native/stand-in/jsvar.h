/** The variables of the interpreter, as far as the library touches them: declared, and not there. For syntax checks. */
#ifndef STAND_IN_JSVAR_H
#define STAND_IN_JSVAR_H
#include <alloca.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct JsVarStruct JsVar;
typedef int32_t JsVarInt;
typedef enum { JSV_ARRAY = 1 } JsVarFlags;

bool jsvIsString(const JsVar *v);
bool jsvIsObject(const JsVar *v);
bool jsvIsFunction(const JsVar *v);
bool jsvIsIterable(const JsVar *v);
size_t jsvGetString(const JsVar *v, char *text, size_t size);
size_t jsvGetStringLength(const JsVar *v);
JsVar *jsvNewFromString(const char *text);
JsVar *jsvNewStringOfLength(unsigned int length, const char *bytes);
JsVar *jsvNewFromInteger(JsVarInt value);
JsVar *jsvNewFromBool(bool value);
JsVar *jsvNewNull(void);
JsVar *jsvNewObject(void);
JsVar *jsvNewEmptyArray(void);
JsVar *jsvObjectGetChild(JsVar *object, const char *name, JsVarFlags create);
JsVar *jsvObjectGetChildIfExists(JsVar *object, const char *name);
JsVarInt jsvObjectGetIntegerChild(JsVar *object, const char *name);
bool jsvObjectGetBoolChild(JsVar *object, const char *name);
JsVar *jsvObjectSetChild(JsVar *object, const char *name, JsVar *child);
void jsvObjectSetIntChild(JsVar *object, const char *name, JsVarInt value);
void jsvObjectRemoveChild(JsVar *object, const char *name);
JsVar *jsvGetArrayItem(const JsVar *array, JsVarInt index);
void jsvSetArrayItem(JsVar *array, JsVarInt index, JsVar *item);
JsVarInt jsvArrayPushAndUnLock(JsVar *array, JsVar *item);
void jsvUnLock(JsVar *v);
void jsvUnLock2(JsVar *a, JsVar *b);
size_t standInBytes(JsVar *v, unsigned char *bytes);

/** Declares a pointer to a variable's bytes, and their number. */
#define JSV_GET_AS_CHAR_ARRAY(pointer, length, v) \
  size_t length = standInBytes(v, NULL);          \
  char *pointer = alloca(length + 1);             \
  standInBytes(v, (unsigned char *)pointer)
#endif
