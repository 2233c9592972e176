#include "wrapped.h"

namespace lowrank::binding {
namespace {

constexpr napi_type_tag kTag = {0x6c6f7772616e6b01, 0x9c0f3f5a2b7e4d18};

void finalize(node_api_basic_env env, void* data, void*) {
  auto* object = static_cast<Wrapped*>(data);
  object->holdBytes(const_cast<napi_env>(env), 0);
  delete object;
}

}  // namespace

void Wrapped::holdBytes(napi_env env, std::int64_t bytes) noexcept {
  std::int64_t total = 0;
  if (bytes != held_ && napi_adjust_external_memory(env, bytes - held_, &total) == napi_ok) held_ = bytes;
}

void wrap(napi_env env, napi_value self, std::unique_ptr<Wrapped> object) {
  if (napi_wrap(env, self, object.get(), finalize, nullptr, nullptr) != napi_ok) {
    object->holdBytes(env, 0);
    throw Napi::Error::New(env);
  }
  object.release();  // from here on the finalizer owns it
  if (napi_type_tag_object(env, self, &kTag) != napi_ok) throw Napi::Error::New(env);
}

Wrapped* unwrap(Napi::Value value) {
  if (value.IsEmpty() || !value.IsObject()) return nullptr;
  bool ours = false;
  void* data = nullptr;
  if (napi_check_object_type_tag(value.Env(), value, &kTag, &ours) != napi_ok || !ours ||
      napi_unwrap(value.Env(), value, &data) != napi_ok) {
    return nullptr;
  }
  return static_cast<Wrapped*>(data);
}

}  // namespace lowrank::binding
