# cmake -D FILES=a.js;b.js -D OUTPUT=texts.cc -P EmbedTexts.cmake
#   The files as constants of a .cc (common/artillery/runtime_files.h).
set(entries "")
foreach(file IN LISTS FILES)
  file(READ ${file} text)
  get_filename_component(name ${file} NAME)
  string(APPEND entries "    {\"${name}\", R\"KLOAD_TEXT(${text})KLOAD_TEXT\"},\n")
endforeach()
file(WRITE ${OUTPUT} "// Made by cmake/EmbedTexts.cmake.
#include \"common/artillery/runtime_files.h\"

namespace kload::artillery {
namespace {

const RuntimeFile kFiles[] = {
${entries}};

}  // namespace

const std::span<const RuntimeFile> kRuntimeFiles = kFiles;

}  // namespace kload::artillery
")
