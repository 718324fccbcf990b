/** What the library takes from IDF's Wi-Fi driver: declared, and not there. For syntax checks. Written for these tests. */
#ifndef STAND_IN_ESP_WIFI_H
#define STAND_IN_ESP_WIFI_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int esp_err_t;
enum { ESP_OK = 0, ESP_ERR_NO_MEM = 0x101 };
typedef enum { WIFI_MODE_NULL, WIFI_MODE_STA, WIFI_MODE_AP, WIFI_MODE_APSTA } wifi_mode_t;
typedef enum { WIFI_IF_STA, WIFI_IF_AP } wifi_interface_t;
typedef enum { WIFI_SECOND_CHAN_NONE } wifi_second_chan_t;
typedef struct {
  signed rssi : 8;
  unsigned rate : 5;
  unsigned channel : 4;
  unsigned more[10];
} wifi_pkt_rx_ctrl_t;

esp_err_t esp_wifi_get_mode(wifi_mode_t *mode);
esp_err_t esp_wifi_set_mode(wifi_mode_t mode);
esp_err_t esp_wifi_start(void);
esp_err_t esp_wifi_stop(void);
esp_err_t esp_wifi_set_channel(uint8_t primary, wifi_second_chan_t second);
esp_err_t esp_wifi_get_channel(uint8_t *primary, wifi_second_chan_t *second);
esp_err_t esp_wifi_get_mac(wifi_interface_t interface, uint8_t *mac);
#endif
