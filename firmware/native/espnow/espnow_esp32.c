/**
 * ESP-NOW on an ESP32, for IDF 3.3, 4.x and 5.x.
 *
 * The radio calls back from the Wi-Fi task. A callback copies into a queue and returns: it never waits, never allocates, and touches nothing of the
 * interpreter. Reports have a queue of their own, so that a flood of datagrams cannot push out what became of a send.
 */
#ifdef ESP32
#include "espnow.h"

#include <string.h>

#include "esp_now.h"
#include "esp_timer.h"
#include "esp_wifi.h"
#include "freertos/FreeRTOS.h"
#include "freertos/queue.h"
#include "jshardware.h"
#if ESP_IDF_VERSION_MAJOR >= 4
#include "esp_idf_version.h"
#define ESPNOW_IDF(major, minor, patch) (ESP_IDF_VERSION >= ESP_IDF_VERSION_VAL(major, minor, patch))
#else
#define ESPNOW_IDF(major, minor, patch) 0
#endif

/** The queues live as long as the chip runs: a late callback finds them whatever has been stopped meanwhile. */
static QueueHandle_t heardQueue;
static QueueHandle_t reportQueue;
static esp_timer_handle_t wakeTimer;
/** Callbacks come only between start and stop, but one may be under way at the stop. */
static volatile bool isListening;

static void heard(const EspnowHeard *datagram) {
  espnowCounters.heard++;
  if (xQueueSend(heardQueue, datagram, 0) != pdTRUE) espnowCounters.ringFull++;
  jshHadEvent();
}

/** Copies a body in; false if it must be dropped. */
static bool fill(EspnowHeard *datagram, const uint8_t *source, const uint8_t *body, int length) {
  if (!isListening || !source || !body || length < 1) return false;
  if (length > ESPNOW_BODY_BYTES_MAX) {
    espnowCounters.tooLong++;
    return false;
  }
  memcpy(datagram->source, source, ESPNOW_MAC_BYTES);
  memcpy(datagram->body, body, (size_t)length);
  datagram->length = (uint8_t)length;
  datagram->isBroadcast = false;
  datagram->rssi = 0;
  datagram->channel = 0;
  return true;
}

#if ESPNOW_IDF(5, 0, 1)
static void onHeard(const esp_now_recv_info_t *info, const uint8_t *body, int length) {
  EspnowHeard datagram;
  if (!info || !fill(&datagram, info->src_addr, body, length)) return;
  if (info->des_addr) datagram.isBroadcast = (info->des_addr[0] & 1) != 0;
  if (info->rx_ctrl) {
    datagram.rssi = (int8_t)info->rx_ctrl->rssi;
    datagram.channel = (uint8_t)info->rx_ctrl->channel;
  }
  heard(&datagram);
}
#else
/**
 * The 802.11 frame that the body is the end of: before IDF 5.0.1 the callback is not told more, but the driver's buffer has it. Sizes: MAC header 24,
 * category 1, vendor 3, random 4, then the element: id 1, length 1, vendor 3, type 1, version 1.
 */
#define FRAME_HEAD_BYTES 39
#define FRAME_CATEGORY_AT 24
#define FRAME_ELEMENT_AT 32
#define CATEGORY_VENDOR 127
#define ELEMENT_VENDOR 221

static void onHeard(const uint8_t *source, const uint8_t *body, int length) {
  EspnowHeard datagram;
  if (!fill(&datagram, source, body, length)) return;
  const uint8_t *frame = body - FRAME_HEAD_BYTES;
  // If this driver lays its buffer out in another way, we know less, and say so by zeroes.
  if (frame[FRAME_CATEGORY_AT] == CATEGORY_VENDOR && frame[FRAME_ELEMENT_AT] == ELEMENT_VENDOR) {
    wifi_pkt_rx_ctrl_t control;
    memcpy(&control, frame - sizeof(control), sizeof(control));
    datagram.isBroadcast = (frame[4] & 1) != 0;
    datagram.rssi = (int8_t)control.rssi;
    datagram.channel = (uint8_t)control.channel;
  }
  heard(&datagram);
}
#endif

static void report(const uint8_t *destination, esp_now_send_status_t status) {
  EspnowReport outcome;
  if (!isListening || !destination) return;
  memcpy(outcome.destination, destination, ESPNOW_MAC_BYTES);
  outcome.isAcked = status == ESP_NOW_SEND_SUCCESS;
  // It cannot be full while there are no more sends in flight than it holds. If it is, the send will be taken as lost.
  xQueueSend(reportQueue, &outcome, 0);
  jshHadEvent();
}

#if ESPNOW_IDF(5, 5, 0)
static void onSent(const esp_now_send_info_t *info, esp_now_send_status_t status) {
  report(info ? info->des_addr : NULL, status);
}
#else
static void onSent(const uint8_t *destination, esp_now_send_status_t status) {
  report(destination, status);
}
#endif

static void onWake(void *unused) {
  (void)unused;
  jshHadEvent();
}

/** The driver's error, in our numbers: they are its own, but for a full heap, which has two names. */
static int named(esp_err_t error) {
  return error == ESP_ERR_NO_MEM ? ESPNOW_NO_MEM : (int)error;
}

static wifi_mode_t wifiMode(void) {
  wifi_mode_t mode = WIFI_MODE_NULL;
  return esp_wifi_get_mode(&mode) == ESP_OK ? mode : WIFI_MODE_NULL;
}

static wifi_interface_t interfaceOf(bool isAp) {
  return isAp || wifiMode() == WIFI_MODE_AP ? WIFI_IF_AP : WIFI_IF_STA;
}

static bool makeTools(void) {
  if (!heardQueue) heardQueue = xQueueCreate(ESPNOW_HEARD_MAX, sizeof(EspnowHeard));
  if (!reportQueue) reportQueue = xQueueCreate(2 * ESPNOW_FLIGHT_MAX, sizeof(EspnowReport));
  if (!wakeTimer) {
    esp_timer_create_args_t wake;
    memset(&wake, 0, sizeof(wake));
    wake.callback = onWake;
    wake.name = "espnow";
    if (esp_timer_create(&wake, &wakeTimer) != ESP_OK) wakeTimer = NULL;
  }
  return heardQueue && reportQueue && wakeTimer;
}

int espnowDriverStart(int channel, const uint8_t *pmk) {
  if (!makeTools()) return ESPNOW_NO_MEM;
  xQueueReset(heardQueue);
  xQueueReset(reportQueue);
  // The radio must be up; nobody needs to be associated.
  esp_err_t error = ESP_OK;
  if (wifiMode() == WIFI_MODE_NULL) error = esp_wifi_set_mode(WIFI_MODE_STA);
  if (error == ESP_OK) error = esp_wifi_start();
  if (error == ESP_OK) error = esp_now_init();
  if (error != ESP_OK) return named(error);
  isListening = true;
  error = esp_now_register_recv_cb(onHeard);
  if (error == ESP_OK) error = esp_now_register_send_cb(onSent);
  if (error == ESP_OK && pmk) error = esp_now_set_pmk(pmk);
  if (error != ESP_OK) {
    espnowDriverStop();
    return named(error);
  }
  // While a station is associated, its access point has chosen; then this fails, and the current channel is it.
  if (channel > 0) espnowDriverSetChannel(channel);
  return ESPNOW_OK;
}

void espnowDriverStop(void) {
  isListening = false;
  esp_timer_stop(wakeTimer);
  esp_now_unregister_recv_cb();
  esp_now_unregister_send_cb();
  esp_now_deinit();
}

void espnowDriverPowerOff(void) {
  esp_wifi_stop();
}

uint32_t espnowDriverNow(void) {
  return (uint32_t)(esp_timer_get_time() / 1000);
}

void espnowDriverWakeAfter(uint32_t wait) {
  esp_timer_stop(wakeTimer);
  esp_timer_start_once(wakeTimer, (uint64_t)wait * 1000);
}

bool espnowDriverSetChannel(int channel) {
  return esp_wifi_set_channel((uint8_t)channel, WIFI_SECOND_CHAN_NONE) == ESP_OK;
}

int espnowDriverChannel(void) {
  uint8_t primary = 0;
  wifi_second_chan_t second = WIFI_SECOND_CHAN_NONE;
  return esp_wifi_get_channel(&primary, &second) == ESP_OK ? primary : 0;
}

void espnowDriverMac(uint8_t *mac) {
  if (esp_wifi_get_mac(interfaceOf(false), mac) != ESP_OK) memset(mac, 0, ESPNOW_MAC_BYTES);
}

int espnowDriverAddPeer(const EspnowPeer *peer) {
  esp_now_peer_info_t info;
  memset(&info, 0, sizeof(info));
  memcpy(info.peer_addr, peer->mac, ESPNOW_MAC_BYTES);
  memcpy(info.lmk, peer->key, ESPNOW_KEY_BYTES);
  info.channel = peer->channel;
  info.ifidx = interfaceOf(peer->isAp);
  info.encrypt = peer->hasKey;
  esp_err_t error = esp_now_is_peer_exist(peer->mac) ? esp_now_mod_peer(&info) : esp_now_add_peer(&info);
  return named(error);
}

void espnowDriverRemovePeer(const uint8_t *mac) {
  esp_now_del_peer(mac);
}

int espnowDriverSend(const uint8_t *mac, const uint8_t *bytes, size_t length) {
  return named(esp_now_send(mac, bytes, length));
}

bool espnowDriverTakeHeard(EspnowHeard *datagram) {
  return xQueueReceive(heardQueue, datagram, 0) == pdTRUE;
}

bool espnowDriverTakeReport(EspnowReport *outcome) {
  return xQueueReceive(reportQueue, outcome, 0) == pdTRUE;
}
#endif
