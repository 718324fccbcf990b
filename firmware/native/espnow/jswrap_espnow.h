/** What JavaScript sees of ESP-NOW: require("ESPNOW"). The functions that Espruino's generated table calls; see jswrap_espnow.c. */
#ifndef SAPLINE_JSWRAP_ESPNOW_H
#define SAPLINE_JSWRAP_ESPNOW_H

#include "espnow.h"
#include "jsvar.h"

void jswrap_espnow_init(JsVar *options, JsVar *heard);
void jswrap_espnow_deinit(void);
void jswrap_espnow_restart(void);
JsVar *jswrap_espnow_mac(void);
bool jswrap_espnow_setChannel(int channel);
int jswrap_espnow_getChannel(void);
void jswrap_espnow_addPeer(JsVar *mac, JsVar *options);
void jswrap_espnow_removePeer(JsVar *mac);
JsVar *jswrap_espnow_peers(void);
void jswrap_espnow_send(JsVar *mac, JsVar *data, JsVar *done);
JsVar *jswrap_espnow_counters(void);
void jswrap_espnow_setOpen(bool isOpen);
JsVar *jswrap_espnow_seal(JsVar *key, JsVar *nonce, JsVar *header, JsVar *plain);
JsVar *jswrap_espnow_open(JsVar *key, JsVar *nonce, JsVar *header, JsVar *sealed);
JsVar *jswrap_espnow_hmac(JsVar *key, JsVar *text);
bool jswrap_espnow_idle(void);
void jswrap_espnow_kill(void);

#endif
