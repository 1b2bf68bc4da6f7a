# sara_add_plugin(NAME SOURCES a.cpp ... [MANIFEST plugin.json] [LINK targets...] [OUTPUT_DIRECTORY dir])
# Builds a plugin, C or C++, as a shared object that exports one symbol and sees only its own folder and the
# SDK. MANIFEST: the JSON file is checked and becomes the header manifest.h in the plugin's build folder, which
# defines SARA_MANIFEST_JSON, SARA_PLUGIN_ID and SARA_PLUGIN_VERSION as string literals.
include(${CMAKE_CURRENT_LIST_DIR}/SaraManifest.cmake)

function(sara_add_plugin name)
  cmake_parse_arguments(ARG "" "MANIFEST;OUTPUT_DIRECTORY" "SOURCES;LINK" ${ARGN})
  if(NOT ARG_SOURCES OR ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "sara_add_plugin(${name} SOURCES file... [MANIFEST plugin.json] [LINK target...] "
      "[OUTPUT_DIRECTORY dir]): no sources, or not understood: ${ARG_UNPARSED_ARGUMENTS}")
  endif()
  add_library(${name} MODULE ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} Sara::sdk)
  target_include_directories(${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  if(ARG_MANIFEST)
    cmake_path(ABSOLUTE_PATH ARG_MANIFEST BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} OUTPUT_VARIABLE manifest)
    sara_manifest_header(${manifest} ${CMAKE_CURRENT_BINARY_DIR}/${name}.manifest/manifest.h)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${manifest})
    target_include_directories(${name} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/${name}.manifest)
  endif()
  set_target_properties(${name} PROPERTIES
    PREFIX "" OUTPUT_NAME ${name}
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  target_compile_features(${name} PRIVATE cxx_std_17)
  target_compile_options(${name} PRIVATE $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:GNU>>:-fno-gnu-unique>)
  target_link_options(${name} PRIVATE
    -Wl,-z,now -Wl,--version-script=${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map)
  if(NOT SARA_SANITIZE)
    target_link_options(${name} PRIVATE -Wl,-z,defs)
  endif()
  if(ARG_OUTPUT_DIRECTORY)
    set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${ARG_OUTPUT_DIRECTORY})
  endif()
endfunction()
