/** IDF's timers: declared, and not there. For syntax checks. */
#ifndef STAND_IN_ESP_TIMER_H
#define STAND_IN_ESP_TIMER_H
#include <stdint.h>
typedef struct esp_timer *esp_timer_handle_t;
typedef struct {
  void (*callback)(void *argument);
  void *arg;
  int dispatch_method;
  const char *name;
} esp_timer_create_args_t;
int esp_timer_create(const esp_timer_create_args_t *arguments, esp_timer_handle_t *timer);
int esp_timer_start_once(esp_timer_handle_t timer, uint64_t microseconds);
int esp_timer_stop(esp_timer_handle_t timer);
int64_t esp_timer_get_time(void);
#endif
