# QuickJS::QuickJS, the script engine: the system's libquickjs where there is one (Debian 13 and later), else
# a static library built from the upstream source that scripts/bootstrap put into the cache folder.
#
# Sets QuickJS_FOUND and QuickJS_ORIGIN ("system" or the source folder).

set(QUICKJS_VERSION 2025.04.26)
if(DEFINED ENV{XDG_CACHE_HOME})
  set(_quickjs_cache $ENV{XDG_CACHE_HOME}/kload)
else()
  set(_quickjs_cache $ENV{HOME}/.cache/kload)
endif()
set(QUICKJS_SOURCE_DIR ${_quickjs_cache}/quickjs-${QUICKJS_VERSION} CACHE PATH
  "Unpacked QuickJS source, used when the system has no libquickjs")

option(KLOAD_ENGINE_INSIDE
  "Read shapes and strings of the script engine in its own structures, where it is built from source" ON)

find_path(QUICKJS_INCLUDE_DIR quickjs/quickjs.h)
find_library(QUICKJS_LIBRARY NAMES quickjs libquickjs.a PATH_SUFFIXES quickjs)

if(QUICKJS_INCLUDE_DIR AND QUICKJS_LIBRARY AND NOT TARGET QuickJS::QuickJS)
  add_library(QuickJS::QuickJS UNKNOWN IMPORTED)
  set_target_properties(QuickJS::QuickJS PROPERTIES
    IMPORTED_LOCATION ${QUICKJS_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${QUICKJS_INCLUDE_DIR}/quickjs
    INTERFACE_LINK_LIBRARIES "m;dl;pthread")
  set(QuickJS_ORIGIN system)
elseif(EXISTS ${QUICKJS_SOURCE_DIR}/quickjs.c AND NOT TARGET QuickJS::QuickJS)
  # engine_inside.c includes quickjs.c, and reads what only that knows.
  set(_quickjs_main ${QUICKJS_SOURCE_DIR}/quickjs.c)
  if(KLOAD_ENGINE_INSIDE)
    set(_quickjs_main ${PROJECT_SOURCE_DIR}/common/js/engine_inside.c)
  endif()
  add_library(quickjs_static STATIC ${_quickjs_main}
    ${QUICKJS_SOURCE_DIR}/dtoa.c ${QUICKJS_SOURCE_DIR}/libregexp.c ${QUICKJS_SOURCE_DIR}/libunicode.c
    ${QUICKJS_SOURCE_DIR}/cutils.c)
  # An engine of somebody else's: its warnings are not ours, and an unoptimised one would distort every measurement.
  target_compile_options(quickjs_static PRIVATE -w -O2 -fwrapv)
  target_compile_definitions(quickjs_static PRIVATE _GNU_SOURCE CONFIG_VERSION="${QUICKJS_VERSION}")
  target_compile_definitions(quickjs_static PUBLIC $<$<BOOL:${KLOAD_ENGINE_INSIDE}>:KLOAD_ENGINE_INSIDE>)
  target_include_directories(quickjs_static PRIVATE ${PROJECT_SOURCE_DIR})
  target_include_directories(quickjs_static SYSTEM PUBLIC ${QUICKJS_SOURCE_DIR})
  target_link_libraries(quickjs_static PUBLIC m dl pthread)
  add_library(QuickJS::QuickJS ALIAS quickjs_static)
  set(QuickJS_ORIGIN ${QUICKJS_SOURCE_DIR})
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(QuickJS REQUIRED_VARS QuickJS_ORIGIN
  REASON_FAILURE_MESSAGE "run scripts/bootstrap, which installs it")
