"""Headers of images of every projection that is cut, and of some that are not."""

from astropy.io import fits

WIDTH, HEIGHT = 320, 240


def header(projection, lon=150.0, lat=2.0, scale=0.001, kinds=("RA", "DEC"), suffix="", **cards):
    """A header of an image of WIDTH times HEIGHT pixels; more cards, or others."""
    made = fits.Header()
    made["CTYPE1"] = f"{kinds[0]:-<5}{projection}{suffix}"
    made["CTYPE2"] = f"{kinds[1]:-<5}{projection}{suffix}"
    made["CRVAL1"], made["CRVAL2"] = lon, lat
    made["CRPIX1"], made["CRPIX2"] = 140.5, 130.25
    made["CDELT1"], made["CDELT2"] = -scale, scale
    for name, value in cards.items():
        made[name] = value
    return made


def with_cd(made, a=-2.1e-4, b=3e-5, c=2.5e-5, d=2.2e-4):
    del made["CDELT*"]
    made["CD1_1"], made["CD1_2"], made["CD2_1"], made["CD2_2"] = a, b, c, d
    return made


def sip(**more):
    made = with_cd(header("TAN", suffix="-SIP"))
    made["A_ORDER"], made["B_ORDER"] = 3, 2
    terms = {"A_2_0": 2e-5, "A_1_1": -1e-5, "A_0_3": 3e-8, "A_0_2": 1e-5, "B_2_0": -1e-5,
             "B_1_1": 2e-5, "B_0_2": 1.5e-5, "A_0_1": 1e-4, "B_0_0": 0.5, **more}
    for name, value in terms.items():
        made[name] = value
    return made


def tpv(code="TPV"):
    made = with_cd(header(code))
    terms = {"PV1_0": 1e-4, "PV1_1": 1.01, "PV1_2": -2e-3, "PV1_4": 0.02, "PV1_5": 0.01, "PV1_6": -0.01,
             "PV1_7": 0.2, "PV1_11": 0.1, "PV2_0": -2e-4, "PV2_1": 0.99, "PV2_2": 3e-3, "PV2_4": -0.03,
             "PV2_5": 0.02, "PV2_10": 0.3, "PV2_12": 1.0, "PV2_39": 2.0}
    for name, value in terms.items():
        made[name] = value
    return made


def made():
    """Name and header of what is cut."""
    yield "TAN", header("TAN")
    yield "TAN at longitude 0", header("TAN", lon=0.01, lat=-30.0)
    yield "TAN at the north pole", header("TAN", lon=77.0, lat=89.99)
    yield "TAN at the south pole", header("TAN", lon=300.0, lat=-90.0, LONPOLE=160.0)
    yield "TAN turned by CROTA", header("TAN", CROTA2=33.0)
    yield "TAN turned by PC", header("TAN", PC1_1=0.8, PC1_2=-0.6, PC2_1=0.6, PC2_2=0.8)
    yield "TAN with CD", with_cd(header("TAN"))
    yield "TAN without a reference pixel", {**header("TAN", CRPIX1=0.0), "drop": ["CRPIX1"]}
    yield "latitude first", header("TAN", kinds=("DEC", "RA"), lon=2.0, lat=150.0)
    yield "in arcseconds", header("TAN", scale=3.6, CUNIT1="arcsec", CUNIT2="arcsec", lon=540000.0, lat=7200.0)
    yield "TAN-SIP", sip()
    yield "TAN-SIP with its inverse", sip(AP_ORDER=2, BP_ORDER=2, AP_2_0=-2e-5, BP_0_2=-1.5e-5)
    yield "TPV", tpv()
    yield "TPV written as TAN", tpv("TAN")
    yield "SIN", header("SIN", scale=0.05)
    yield "SIN, slanted", header("SIN", scale=0.02, PV2_1=0.2, PV2_2=-0.3)
    yield "NCP", header("NCP", lat=40.0, scale=0.01)
    yield "ARC", header("ARC", scale=0.1)
    yield "ZEA", header("ZEA", scale=0.1)
    yield "ZEA of the whole sky", header("ZEA", scale=1.0, lat=35.0)
    yield "STG", header("STG", scale=0.1)
    yield "ZPN", header("ZPN", PV2_1=1.0, PV2_3=42.0)
    yield "CAR", header("CAR", lat=0.0, scale=0.1)
    yield "CAR, galactic", header("CAR", kinds=("GLON", "GLAT"), lon=10.0, lat=0.0, scale=0.05)
    yield "CAR, oblique", header("CAR", lat=40.0, scale=0.1)
    yield "CEA", header("CEA", lat=0.0, scale=0.1, PV2_1=0.7)
    yield "MER", header("MER", lat=0.0, scale=0.1)
    yield "SFL", header("SFL", lat=0.0, scale=0.2)
    yield "PAR", header("PAR", lat=0.0, scale=0.2)
    yield "MOL", header("MOL", lat=0.0, scale=0.2)
    yield "AIT", header("AIT", lat=0.0, scale=0.2)
    yield "AIT of the whole sky", header("AIT", lat=0.0, scale=1.2)
    yield "HPX", header("HPX", lat=0.0, scale=0.2)
    yield "ecliptic", header("TAN", kinds=("ELON", "ELAT"))
    yield "FK5 of 1975", header("TAN", RADESYS="FK5", EQUINOX=1975.0)
    yield "FK5 by its equinox", header("TAN", EQUINOX=2000.0)


def refused():
    """Name, header and a word of the answer."""
    yield "COE", header("COE", PV2_1=45.0, lat=45.0), "its projection is COE"
    yield "TNX", header("TNX"), "its projection is TNX"
    yield "a table of distortions", header("TAN", CPDIS1="LOOKUP"), "CPDIS1"
    yield "a plate", header("TAN", AMDX1=67.2), "AMDX1"
    yield "no projection", header("", kinds=("RA", "DEC")), "names no projection"
    yield "no numbers", header("TAN", CRVAL1="12:00:00"), "CRVAL1"
    yield "no matrix", header("TAN", CDELT1=0.0), "along"
    yield "a frame nobody knows", header("TAN", RADESYS="GAPPT"), "GAPPT"
    yield "no sky", fits.Header(), "where in the sky"
