{
  "variables": { "sanitize%": "" },
  "target_defaults": {
    "cflags_cc": ["-std=c++20", "-fno-fast-math", "-ffp-contract=off", "-fstack-protector-strong", "-fvisibility=hidden",
                  "-Wall", "-Wextra", "-Wno-unused-parameter"],
    "cflags_cc!": ["-std=gnu++17", "-fno-rtti"],
    "xcode_settings": { "CLANG_CXX_LANGUAGE_STANDARD": "c++20", "OTHER_CPLUSPLUSFLAGS": ["-ffp-contract=off"] }
  },
  "targets": [
    {
      "target_name": "lowrank_core",
      "type": "static_library",
      "sources": ["<!@(node -p \"require('fs').readdirSync('native/core',{recursive:true}).filter(f=>f.endsWith('.cc')).map(f=>'native/core/'+f).sort().join(' ')\")"],
      "cflags_cc!": ["-fno-exceptions"],
      "cflags_cc": ["-fexceptions"],
      "xcode_settings": { "GCC_ENABLE_CPP_EXCEPTIONS": "YES" }
    },
    {
      "target_name": "lowrank",
      "sources": ["<!@(node -p \"require('fs').readdirSync('native/binding').filter(f=>f.endsWith('.cc')).map(f=>'native/binding/'+f).sort().join(' ')\")"],
      "dependencies": ["lowrank_core", "<!(node -p \"require('node-addon-api').targets\"):node_addon_api_except"],
      "defines": ["NAPI_VERSION=9", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS", "NODE_ADDON_API_DISABLE_DEPRECATED"],
      "libraries": ["<!@(node scripts/openblas.js libs)"],
      "ldflags": ["-Wl,-z,relro", "-Wl,-z,now", "-Wl,-z,nodelete"]
    }
  ]
}
