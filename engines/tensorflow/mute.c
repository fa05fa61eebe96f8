/* Closes stderr for a while, for a library that writes there while it loads. */
#include <fcntl.h>
#include <node_api.h>
#include <stdio.h>
#include <unistd.h>

static int kept = -1;

static napi_value mute(napi_env env, napi_callback_info info) {
  int nothing = open("/dev/null", O_WRONLY);
  (void)env;
  (void)info;
  fflush(stderr);
  if (kept < 0 && nothing >= 0) {
    kept = dup(2);
    if (kept >= 0) dup2(nothing, 2);
  }
  if (nothing >= 0) close(nothing);
  return NULL;
}

static napi_value restore(napi_env env, napi_callback_info info) {
  (void)env;
  (void)info;
  fflush(stderr);
  if (kept >= 0) {
    dup2(kept, 2);
    close(kept);
    kept = -1;
  }
  return NULL;
}

static napi_value start(napi_env env, napi_value exports) {
  napi_value function;
  if (napi_create_function(env, "muteStderr", NAPI_AUTO_LENGTH, mute, NULL, &function) != napi_ok) return exports;
  napi_set_named_property(env, exports, "muteStderr", function);
  if (napi_create_function(env, "restoreStderr", NAPI_AUTO_LENGTH, restore, NULL, &function) != napi_ok) return exports;
  napi_set_named_property(env, exports, "restoreStderr", function);
  return exports;
}

NAPI_MODULE(mute, start)
