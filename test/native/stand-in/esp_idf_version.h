/** The version of IDF that a syntax check is for: ESP_IDF_VERSION_MAJOR and STAND_IN_MINOR come from the command line. */
#ifndef STAND_IN_IDF_VERSION_H
#define STAND_IN_IDF_VERSION_H
#define ESP_IDF_VERSION_VAL(major, minor, patch) ((major << 16) | (minor << 8) | (patch))
#define ESP_IDF_VERSION ESP_IDF_VERSION_VAL(ESP_IDF_VERSION_MAJOR, STAND_IN_MINOR, 4)
#endif
