{
  "variables": {
    # Sanitizers to compile in, such as "address,undefined" (scripts/build-sanitize.js). Node's own gypi uses "asan".
    "sanitize%": "",
    # The C++ tests are not part of the published package.
    "core_tests%": "<!(node -p \"require('fs').existsSync('native/test') ? 1 : 0\")"
  },
  "target_defaults": {
    "cflags_cc": ["-std=c++20", "-fno-fast-math", "-ffp-contract=off", "-fstack-protector-strong", "-fvisibility=hidden",
                  "-pthread", "-Wall", "-Wextra", "-Wno-unused-parameter"],
    "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-fno-rtti"],
    "ldflags": ["-pthread"],
    "xcode_settings": {
      "CLANG_CXX_LANGUAGE_STANDARD": "c++20",
      "OTHER_CPLUSPLUSFLAGS": ["-fno-fast-math", "-ffp-contract=off"]
    },
    "conditions": [
      ["sanitize!=''", {
        "cflags_cc": ["-fsanitize=<(sanitize)", "-fno-sanitize-recover=all", "-g", "-O1"],
        "ldflags": ["-fsanitize=<(sanitize)"],
        "xcode_settings": {
          "OTHER_CPLUSPLUSFLAGS": ["-fsanitize=<(sanitize)"],
          "OTHER_LDFLAGS": ["-fsanitize=<(sanitize)"]
        }
      }, {
        "cflags_cc": ["-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2"]
      }]
    ]
  },
  "targets": [
    {
      "target_name": "lowrank_core",
      "type": "static_library",
      "sources": ["<!@(node -p \"require('fs').readdirSync('native/core',{recursive:true}).filter(f=>f.endsWith('.cc')).map(f=>'native/core/'+f).sort().join(' ')\")"],
      "cflags_cc": ["-fexceptions", "<!@(node scripts/openblas.js cflags)"],
      "cflags_cc!": ["-fno-exceptions"],
      "direct_dependent_settings": { "include_dirs": ["native/core"] },
      "xcode_settings": { "GCC_ENABLE_CPP_EXCEPTIONS": "YES" }
    },
    {
      "target_name": "lowrank",
      "sources": ["<!@(node -p \"require('fs').readdirSync('native/binding').filter(f=>f.endsWith('.cc')).map(f=>'native/binding/'+f).sort().join(' ')\")"],
      "dependencies": ["lowrank_core", "<!(node -p \"require('node-addon-api').targets\"):node_addon_api_except"],
      "defines": ["NAPI_VERSION=9", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS", "NODE_ADDON_API_DISABLE_DEPRECATED"],
      "libraries": ["<!@(node scripts/openblas.js libs)"],
      "conditions": [
        ["OS=='linux'", { "ldflags": ["-Wl,-z,relro", "-Wl,-z,now", "-Wl,-z,nodelete"] }]
      ]
    }
  ],
  "conditions": [
    ["core_tests==1", {
      "targets": [
        {
          "target_name": "lowrank_core_test",
          "type": "executable",
          "sources": ["<!@(node -p \"require('fs').readdirSync('native/test').filter(f=>f.endsWith('.cc')).map(f=>'native/test/'+f).sort().join(' ')\")"],
          "dependencies": ["lowrank_core"],
          "cflags_cc": ["-fexceptions"],
          "cflags_cc!": ["-fno-exceptions"],
          "libraries": ["<!@(node scripts/openblas.js libs)"],
          "xcode_settings": { "GCC_ENABLE_CPP_EXCEPTIONS": "YES" }
        }
      ]
    }]
  ]
}
