const dangerous = new Set(
  (
    'exe scr com pif bat cmd ps1 psm1 vbs vbe js jse wsf wsh hta lnk url scf msi msp msc jar reg cpl dll sys iso img vhd vhdx ' +
    'docm dotm xlsm xltm xlam pptm potm ppam ppsm sldm one onepkg svg svgz html htm xhtml shtml mht mhtml xml xsl chm application appref-ms ' +
    'gadget inf ins isp job library-ms search-ms settingcontent-ms website wll xll iqy slk diagcab sh command app dmg pkg apk deb rpm'
  ).split(' '),
);

/** True for file types that run code when opened: kept and marked, downloaded only after a confirmation (mail.md A4). */
export function isDangerous(filename: string, contentType: string): boolean {
  const extension = filename.slice(filename.lastIndexOf('.') + 1).toLowerCase();
  return (
    dangerous.has(extension) ||
    /^(?:text\/html|image\/svg\+xml|application\/(?:xhtml\+xml|x-msdownload|javascript|x-msdos-program|hta))$/.test(contentType)
  );
}
