# The Debian packages straykey and straykey-dbgsym, by CPack. `packaging/build` runs it.
option(STRAYKEY_PACKAGE "Build what the Debian package holds besides the program" OFF)
if(NOT STRAYKEY_PACKAGE)
  return()
endif()

set(STRAYKEY_MAINTAINER "straykey <straykey@example.com>" CACHE STRING "Who builds the package")
set(packaging ${CMAKE_SOURCE_DIR}/packaging)
set(made ${CMAKE_BINARY_DIR}/packaging)

# Written by the program itself or from the build, so that they cannot differ from it.
set(made_files straykey.1.gz straykey.toml straykey.bash _straykey straykey.fish straykey.spdx.json
  changelog.gz changelog.Debian.gz)
list(TRANSFORM made_files PREPEND ${made}/)
add_custom_command(OUTPUT ${made_files}
  COMMAND ${packaging}/make_files $<TARGET_FILE:straykey> ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR} ${made}
    ${PROJECT_VERSION} ${STRAYKEY_MAINTAINER}
  DEPENDS straykey ${packaging}/make_files ${packaging}/sbom ${packaging}/licenses.py ${CMAKE_SOURCE_DIR}/CHANGELOG.md
  COMMENT "Writing what the package holds besides the program"
  VERBATIM)
add_custom_target(package_files ALL DEPENDS ${made_files})

set(doc share/doc/straykey)
install(FILES ${packaging}/straykey.service DESTINATION /lib/systemd/system)
install(FILES ${made}/straykey.toml DESTINATION /etc/straykey)  # no secret is in it, and its folder is not open to all
install(FILES ${made}/straykey.1.gz DESTINATION share/man/man1)
install(FILES ${made}/straykey.bash DESTINATION share/bash-completion/completions RENAME straykey)
install(FILES ${made}/_straykey DESTINATION share/zsh/vendor-completions)
install(FILES ${made}/straykey.fish DESTINATION share/fish/vendor_completions.d)
install(FILES ${packaging}/debian/copyright ${made}/changelog.gz ${made}/changelog.Debian.gz ${made}/straykey.spdx.json
  ${CMAKE_SOURCE_DIR}/README.md ${CMAKE_SOURCE_DIR}/docs/upgrade.md DESTINATION ${doc})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME straykey)
set(CPACK_PACKAGE_VENDOR straykey)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES OFF)  # what is taken out goes into the package of debug symbols
set(CPACK_DEBIAN_DEBUGINFO_PACKAGE ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER ${STRAYKEY_MAINTAINER})
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "catches AWS service credentials that have strayed")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"The temporary token of a Lambda function, ECS task, EKS pod, EC2 instance or
build job, used from outside AWS or typed into a command line by someone who
stole it, is found in CloudTrail as it comes in, and posted to webhooks.
One program on one machine; it needs no other service.")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates, systemd")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${packaging}/debian/postinst ${packaging}/debian/prerm ${packaging}/debian/postrm
  ${packaging}/debian/conffiles)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION TRUE)
include(CPack)
