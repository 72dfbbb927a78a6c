/** Files: what is dropped into a folder, here or on an SFTP server, becomes items; what could not be used comes back with its reasons. */
package io.serai.connector.files;
