/**
 * IDF's ESP-NOW: declared, and not there. For syntax checks. The callbacks have three forms: until 5.0 an address and the body, then a
 * description and the body; and from 5.5 on what is sent is described as well.
 */
#ifndef STAND_IN_ESP_NOW_H
#define STAND_IN_ESP_NOW_H
#include "esp_idf_version.h"
#include "esp_wifi.h"

typedef enum { ESP_NOW_SEND_SUCCESS, ESP_NOW_SEND_FAIL } esp_now_send_status_t;
typedef struct {
  uint8_t peer_addr[6];
  uint8_t lmk[16];
  uint8_t channel;
  wifi_interface_t ifidx;
  bool encrypt;
  void *priv;
} esp_now_peer_info_t;

#if ESP_IDF_VERSION >= ESP_IDF_VERSION_VAL(5, 0, 1)
typedef struct {
  uint8_t *src_addr;
  uint8_t *des_addr;
  wifi_pkt_rx_ctrl_t *rx_ctrl;
} esp_now_recv_info_t;
typedef void (*esp_now_recv_cb_t)(const esp_now_recv_info_t *info, const uint8_t *data, int length);
#else
typedef void (*esp_now_recv_cb_t)(const uint8_t *mac, const uint8_t *data, int length);
#endif

#if ESP_IDF_VERSION >= ESP_IDF_VERSION_VAL(5, 5, 0)
typedef struct {
  uint8_t *des_addr;
  uint8_t *src_addr;
} esp_now_send_info_t;
typedef void (*esp_now_send_cb_t)(const esp_now_send_info_t *info, esp_now_send_status_t status);
#else
typedef void (*esp_now_send_cb_t)(const uint8_t *mac, esp_now_send_status_t status);
#endif

esp_err_t esp_now_init(void);
esp_err_t esp_now_deinit(void);
esp_err_t esp_now_register_recv_cb(esp_now_recv_cb_t callback);
esp_err_t esp_now_unregister_recv_cb(void);
esp_err_t esp_now_register_send_cb(esp_now_send_cb_t callback);
esp_err_t esp_now_unregister_send_cb(void);
esp_err_t esp_now_send(const uint8_t *mac, const uint8_t *data, size_t length);
esp_err_t esp_now_add_peer(const esp_now_peer_info_t *peer);
esp_err_t esp_now_mod_peer(const esp_now_peer_info_t *peer);
esp_err_t esp_now_del_peer(const uint8_t *mac);
bool esp_now_is_peer_exist(const uint8_t *mac);
esp_err_t esp_now_set_pmk(const uint8_t *pmk);
#endif
