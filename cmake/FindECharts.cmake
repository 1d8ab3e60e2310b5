# ECHARTS_FILE: dist/echarts.min.js of the npm package echarts, which draws the charts of `kctl report` and is embedded
# into kctl. scripts/bootstrap puts it, verified, into the cache folder.

set(ECHARTS_VERSION 5.6.0)
if(DEFINED ENV{XDG_CACHE_HOME})
  set(_echarts_cache $ENV{XDG_CACHE_HOME}/kload)
else()
  set(_echarts_cache $ENV{HOME}/.cache/kload)
endif()
set(ECHARTS_FILE ${_echarts_cache}/echarts-${ECHARTS_VERSION}/echarts.min.js CACHE FILEPATH
  "dist/echarts.min.js of the npm package echarts")

set(_echarts_found)
if(EXISTS ${ECHARTS_FILE})
  set(_echarts_found ${ECHARTS_FILE})
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(ECharts REQUIRED_VARS _echarts_found
  REASON_FAILURE_MESSAGE "run scripts/bootstrap, which gets it, or get it by `npm pack echarts@${ECHARTS_VERSION}` and say \
where its dist/echarts.min.js is: -DECHARTS_FILE=...")

# Everything but the page of charts works without it.
if(NOT ECharts_FOUND)
  message(WARNING "ECharts is not there: `kctl report --html` will refuse. Run scripts/bootstrap, which gets it, and configure again.")
  set(_echarts_found ${CMAKE_BINARY_DIR}/no-echarts.js)
  file(WRITE ${_echarts_found} "// ECharts is missing\n")
endif()
set(ECHARTS_EMBEDDED ${_echarts_found})
